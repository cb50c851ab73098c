/// A server's or route's entry in the registry. It is kept alive, and made again when the registry lost it, until it
/// is withdrawn.
public protocol Registration: Sendable {
  /// The registration that stood last.
  var instance: ServerInstance { get }

  /// The registrations as they are made: the current one first, then each one that took its place, under a new
  /// incarnation, because the registry had lost it. Sessions that belong to an earlier one are void: state them again.
  ///
  /// Each call begins a sequence of its own; a slow reader gets only the newest. It ends when the registration is
  /// withdrawn.
  func instances() -> AsyncStream<ServerInstance>

  /// Tells everybody whether the server is going away. The incarnation stays.
  ///
  /// The wish is kept when this throws: it is told when the registry is back. A route's entry has no such mark: nothing
  /// changes there.
  func setDraining(_ isDraining: Bool) async throws(StoreError)

  /// Takes the entry out of the registry. When the registry is away the entry vanishes by itself, after the time that the
  /// registry takes to notice. It does so in a cancelled task, too. Repeating it does nothing.
  func withdraw() async
}
