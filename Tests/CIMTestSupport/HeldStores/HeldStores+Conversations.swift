import CIMCore
import NIOCore

/// The log behind a gate.
struct HeldLog: MessageLog {
  let inner: any MessageLog
  let gate: HeldStores

  func markDirty(
    _ conversation: Conversation, for users: [UserID]
  ) async throws(StoreError) -> Timestamp? {
    try await gate.pass(StoreCall(.markDirty, users: users, conversations: [conversation])) {
      () async throws(StoreError) in
      try await inner.markDirty(conversation, for: users)
    }
  }

  func dirtyMarks(
    of users: [UserID], olderThan: UInt64, limit: Int
  ) async throws(StoreError) -> [UserID: [DirtyMark]] {
    try await gate.pass(StoreCall(.dirtyMarks, users: users)) { () async throws(StoreError) in
      try await inner.dirtyMarks(of: users, olderThan: olderThan, limit: limit)
    }
  }

  func clearDirty(_ marks: [UserID: [DirtyMark]]) async throws(StoreError) -> [UserID: [DirtyMark]] {
    let conversations = marks.values.flatMap { $0.map(\.conversation) }
    return try await gate.pass(StoreCall(.clearDirty, users: marks.keys, conversations: conversations)) {
      () async throws(StoreError) in
      try await inner.clearDirty(marks)
    }
  }

  func append(_ append: Append) async throws(StoreError) -> AppendOutcome {
    try await gate.pass(StoreCall(.append, users: [append.sender.id], conversations: [append.conversation])) {
      () async throws(StoreError) in
      try await inner.append(append)
    }
  }

  func read(
    _ conversation: Conversation, before: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry] {
    try await gate.pass(StoreCall(.readBefore, conversations: [conversation])) {
      () async throws(StoreError) in
      try await inner.read(conversation, before: before, limit: limit)
    }
  }

  func read(
    _ conversation: Conversation, after: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry] {
    try await gate.pass(StoreCall(.readAfter, conversations: [conversation])) { () async throws(StoreError) in
      try await inner.read(conversation, after: after, limit: limit)
    }
  }

  func tails(of conversations: [Conversation]) async throws(StoreError) -> [Conversation: LogPosition] {
    try await gate.pass(StoreCall(.tails, conversations: conversations)) { () async throws(StoreError) in
      try await inner.tails(of: conversations)
    }
  }

  func ends(
    of conversations: [Conversation: Set<UserID>]
  ) async throws(StoreError) -> [Conversation: LogEnd] {
    try await gate.pass(
      StoreCall(.ends, users: conversations.values.joined(), conversations: conversations.keys)
    ) { () async throws(StoreError) in
      try await inner.ends(of: conversations)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}

/// Cursors behind a gate.
struct HeldCursors: CursorStore {
  let inner: any CursorStore
  let gate: HeldStores

  func cursors(
    of devices: [UserDevice], in conversations: [UserDevice: Set<Conversation>]
  ) async throws(StoreError) -> [UserDevice: DeviceCursors] {
    try await gate.pass(StoreCall(.cursors, users: devices.map(\.user))) { () async throws(StoreError) in
      try await inner.cursors(of: devices, in: conversations)
    }
  }

  func cursor(
    of user: UserID, in conversation: Conversation
  ) async throws(StoreError) -> LogPosition? {
    try await gate.pass(StoreCall(.cursor, users: [user], conversations: [conversation])) {
      () async throws(StoreError) in
      try await inner.cursor(of: user, in: conversation)
    }
  }

  func cursors(
    of users: [UserID], in conversation: Conversation
  ) async throws(StoreError) -> [UserID: LogPosition] {
    try await gate.pass(StoreCall(.cursors, users: users, conversations: [conversation])) {
      () async throws(StoreError) in
      try await inner.cursors(of: users, in: conversation)
    }
  }

  func advance(_ advances: [CursorAdvance]) async throws(StoreError) -> [MarkMove] {
    try await gate.pass(
      StoreCall(
        .advance, users: advances.map(\.device.user), conversations: advances.flatMap(\.positions.keys))
    ) { () async throws(StoreError) in
      try await inner.advance(advances)
    }
  }

  func begin(
    _ device: UserDevice, in conversation: Conversation, at position: LogPosition
  ) async throws(StoreError) -> LogPosition {
    try await gate.pass(StoreCall(.begin, users: [device.user], conversations: [conversation])) {
      () async throws(StoreError) in
      try await inner.begin(device, in: conversation, at: position)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}

/// Groups behind a gate.
struct HeldGroups: GroupStore {
  let inner: any GroupStore
  let gate: HeldStores

  func create(
    _ group: GroupID, owner: Account, content: ByteBuffer
  ) async throws(StoreError) -> LogEntry? {
    try await gate.pass(StoreCall(.createGroup, users: [owner.id], conversations: [.group(group)])) {
      () async throws(StoreError) in
      try await inner.create(group, owner: owner, content: content)
    }
  }

  func join(
    _ group: GroupID, _ user: Account, content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome {
    try await gate.pass(StoreCall(.join, users: [user.id], conversations: [.group(group)])) {
      () async throws(StoreError) in
      try await inner.join(group, user, content: content)
    }
  }

  func leave(
    _ group: GroupID, _ user: Account, content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome {
    try await gate.pass(StoreCall(.leave, users: [user.id], conversations: [.group(group)])) {
      () async throws(StoreError) in
      try await inner.leave(group, user, content: content)
    }
  }

  func change(
    _ change: MemberChange, _ member: UserID, in group: GroupID, by owner: Account, content: ByteBuffer
  ) async throws(StoreError) -> MemberChangeOutcome {
    try await gate.pass(StoreCall(.changeMember, users: [member, owner.id], conversations: [.group(group)])) {
      () async throws(StoreError) in
      try await inner.change(change, member, in: group, by: owner, content: content)
    }
  }

  func info(of group: GroupID, for user: UserID) async throws(StoreError) -> GroupInfo? {
    try await gate.pass(StoreCall(.groupInfo, users: [user], conversations: [.group(group)])) {
      () async throws(StoreError) in
      try await inner.info(of: group, for: user)
    }
  }

  func groups(of user: UserID) async throws(StoreError) -> [GroupID: LogPosition] {
    try await gate.pass(StoreCall(.groups, users: [user])) { () async throws(StoreError) in
      try await inner.groups(of: user)
    }
  }

  func members(
    of group: GroupID, after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID]? {
    try await gate.pass(StoreCall(.members, conversations: [.group(group)])) { () async throws(StoreError) in
      try await inner.members(of: group, after: after, limit: limit)
    }
  }

  func membership(
    of user: UserID, in group: GroupID
  ) async throws(StoreError) -> LogPosition? {
    try await gate.pass(StoreCall(.membership, users: [user], conversations: [.group(group)])) {
      () async throws(StoreError) in
      try await inner.membership(of: user, in: group)
    }
  }

  func formerStays(
    of user: UserID, in groups: [GroupID]
  ) async throws(StoreError) -> [GroupID: [Stay]] {
    let call = StoreCall(.formerStays, users: [user], conversations: groups.map(Conversation.group))
    return try await gate.pass(call) { () async throws(StoreError) in
      try await inner.formerStays(of: user, in: groups)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}
