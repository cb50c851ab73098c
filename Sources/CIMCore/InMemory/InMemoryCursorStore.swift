import Synchronization

/// Cursors that live and die with the process.
public final class InMemoryCursorStore: CursorStore {
  struct UserCursors {
    var furthest: [Conversation: LogPosition] = [:]
    var byDevice: [DeviceID: [Conversation: LogPosition]] = [:]
  }

  private let users = Mutex<[UserID: UserCursors]>([:])

  /// Creates a store without cursors.
  public init() {}

  public func cursors(
    of devices: [UserDevice], in conversations: [UserDevice: Set<Conversation>]
  ) async throws(StoreError) -> [UserDevice: DeviceCursors] {
    self.users.withLock { users in
      devices.reduce(into: [:]) { answer, device in
        let cursors = users[device.user]
        let wanted = { (entry: (key: Conversation, value: LogPosition)) in
          conversations[device]?.contains(entry.key) ?? true
        }
        answer[device] = DeviceCursors(
          device: (cursors?.byDevice[device.device] ?? [:]).filter(wanted),
          user: (cursors?.furthest ?? [:]).filter(wanted))
      }
    }
  }

  public func cursor(
    of user: UserID, in conversation: Conversation
  ) async throws(StoreError) -> LogPosition? {
    self.users.withLock { $0[user]?.furthest[conversation] }
  }

  public func cursors(
    of users: [UserID], in conversation: Conversation
  ) async throws(StoreError) -> [UserID: LogPosition] {
    self.users.withLock { stored in users.reduce(into: [:]) { $0[$1] = stored[$1]?.furthest[conversation] } }
  }

  public func advance(_ advances: [CursorAdvance]) async throws(StoreError) -> [MarkMove] {
    self.users.withLock { users in
      var moves: [MarkMove] = []
      for advance in advances {
        let (user, device) = (advance.device.user, advance.device.device)
        for (conversation, position) in advance.positions {
          let previous = users[user]?.furthest[conversation]
          guard previous.map({ $0 < position }) ?? true else { continue }
          moves.append(MarkMove(of: user, in: conversation, from: previous, to: position))
        }
        users[user, default: UserCursors()].furthest.merge(advance.positions) { max($0, $1) }
        users[user]?.byDevice[device, default: [:]].merge(advance.positions) { max($0, $1) }
      }
      return moves
    }
  }

  public func begin(
    _ device: UserDevice, in conversation: Conversation, at position: LogPosition
  ) async throws(StoreError) -> LogPosition {
    self.users.withLock { users in
      var cursors = users[device.user] ?? UserCursors()
      var own = cursors.byDevice[device.device] ?? [:]
      if let cursor = own[conversation] { return cursor }
      own[conversation] = position
      cursors.byDevice[device.device] = own.merging(cursors.furthest) { own, _ in own }
      users[device.user] = cursors
      return position
    }
  }

  public func ping() async throws(StoreError) {}

  /// All cursors as they are, to be put back.
  func copy() -> [UserID: UserCursors] { self.users.withLock { $0 } }

  /// Puts cursors in the place of all there are.
  func replace(with copy: [UserID: UserCursors]) { self.users.withLock { $0 = copy } }
}
