import CIMCore

/// Read marks behind a gate.
struct HeldReads: ReadMarkStore {
  let inner: any ReadMarkStore
  let gate: HeldStores

  func advance(
    _ marks: [UserID: [Conversation: LogPosition]]
  ) async throws(StoreError) -> [MarkMove] {
    try await gate.pass(
      StoreCall(.advanceReads, users: marks.keys, conversations: marks.values.flatMap(\.keys))
    ) { () async throws(StoreError) in
      try await inner.advance(marks)
    }
  }

  func marks(of users: [UserID]) async throws(StoreError) -> [UserID: [Conversation: LogPosition]] {
    try await gate.pass(StoreCall(.readMarks, users: users)) { () async throws(StoreError) in
      try await inner.marks(of: users)
    }
  }

  func marks(
    of users: [UserID], in conversation: Conversation
  ) async throws(StoreError) -> [UserID: LogPosition] {
    try await gate.pass(StoreCall(.readMarks, users: users, conversations: [conversation])) {
      () async throws(StoreError) in
      try await inner.marks(of: users, in: conversation)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}

/// Contacts behind a gate.
struct HeldContacts: ContactStore {
  let inner: any ContactStore
  let gate: HeldStores

  func note(_ pair: UserPair) async throws(StoreError) {
    try await gate.pass(StoreCall(.note, users: [pair.lower, pair.higher], conversations: [.direct(pair)])) {
      () async throws(StoreError) in
      try await inner.note(pair)
    }
  }

  func contacts(of user: UserID) async throws(StoreError) -> [UserPair: Timestamp] {
    try await gate.pass(StoreCall(.contacts, users: [user])) { () async throws(StoreError) in
      try await inner.contacts(of: user)
    }
  }

  func forget(
    _ notes: [UserPair: Timestamp], of user: UserID, olderThan milliseconds: UInt64
  ) async throws(StoreError) {
    try await gate.pass(
      StoreCall(.forgetContacts, users: [user], conversations: notes.keys.map(Conversation.direct))
    ) { () async throws(StoreError) in
      try await inner.forget(notes, of: user, olderThan: milliseconds)
    }
  }

  func block(_ other: UserID, by user: UserID) async throws(StoreError) -> Bool {
    try await gate.pass(StoreCall(.block, users: [user, other])) { () async throws(StoreError) in
      try await inner.block(other, by: user)
    }
  }

  func unblock(_ other: UserID, by user: UserID) async throws(StoreError) -> Bool {
    try await gate.pass(StoreCall(.unblock, users: [user, other])) { () async throws(StoreError) in
      try await inner.unblock(other, by: user)
    }
  }

  func blocked(
    by user: UserID, after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID] {
    try await gate.pass(StoreCall(.blocked, users: [user])) { () async throws(StoreError) in
      try await inner.blocked(by: user, after: after, limit: limit)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}
