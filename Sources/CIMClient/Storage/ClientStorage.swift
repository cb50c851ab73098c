/// Where a client keeps what must survive it: how far each conversation was received, and what was not answered yet.
///
/// `FileStorage` is the one to take for a program of its own; `InMemoryStorage` is for clients that end with their program.
/// An application that keeps messages in a database writes its own, and stores each message and the place up to which its
/// conversation was received in one transaction: whatever happens to the program then, it has each message once.
///
/// One client at a time uses a storage. It calls `load` first, then any of the others, never two at once except that a `save`
/// can come while `synchronize` runs; `close` is the last, after which a storage may be loaded again, for another client.
/// A client whose storage throws ends with `ClientError.Code.storage`: it could not keep its promises.
public protocol ClientStorage: Sendable {
  /// Whether `save` keeps the messages themselves, so that one that was saved is not lost with the program.
  ///
  /// If so, messages are saved as they come, many in one step, before the application takes them from `events`; at most
  /// `Limits.unreadMessages` wait there. If not, a message is saved when the application asks for the next event, just before it
  /// is given to it: whatever waits when the program dies is delivered again.
  var keepsMessages: Bool { get }

  /// What was saved; an empty record at the very first.
  func load() async throws -> ClientRecord

  /// Saves changes in one step: all of them or none. When it returns, the death of the program does not undo them.
  ///
  /// It is on the way of every message that is sent or received: what takes long here slows down both.
  ///
  /// - Parameter changes: At least one, to be applied in this order (`ClientRecord.apply`).
  func save(_ changes: [ClientChange]) async throws

  /// Has what was saved survive the death of the machine, too. Received messages are acknowledged after it; it is called some
  /// times a second at most, and nothing waits for it but the acknowledgement.
  func synchronize() async throws

  /// The client has ended: lets go of what the storage holds.
  func close() async
}
