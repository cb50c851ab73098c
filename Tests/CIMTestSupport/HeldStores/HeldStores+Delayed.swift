import CIMCore

/// Delayed messages behind a gate. What takes any of them is about nobody in particular.
struct HeldDelayed: DelayedStore {
  let inner: any DelayedStore
  let gate: HeldStores

  func schedule(
    _ message: DelayedMessage, for time: DelayedTime, under key: IdempotencyKey?
  ) async throws(StoreError) -> ScheduleOutcome {
    try await gate.pass(
      StoreCall(.schedule, users: [message.sender.id], conversations: [message.conversation])
    ) { () async throws(StoreError) in
      try await inner.schedule(message, for: time, under: key)
    }
  }

  func scheduled(
    of user: UserID, after place: ScheduledPlace?, limit: Int
  ) async throws(StoreError) -> [ScheduledMessage] {
    try await gate.pass(StoreCall(.scheduled, users: [user])) { () async throws(StoreError) in
      try await inner.scheduled(of: user, after: place, limit: limit)
    }
  }

  func cancel(_ id: DelayedID, of user: UserID) async throws(StoreError) -> DelayedCancellation {
    try await gate.pass(StoreCall(.cancelDelayed, users: [user])) { () async throws(StoreError) in
      try await inner.cancel(id, of: user)
    }
  }

  func take(limit: Int) async throws(StoreError) -> [TakenMessage] {
    try await gate.pass(StoreCall(.take)) { () async throws(StoreError) in
      try await inner.take(limit: limit)
    }
  }

  func giveBack(_ messages: [TakenMessage]) async throws(StoreError) {
    try await gate.pass(StoreCall(.giveBack, users: messages.map(\.message.sender.id))) {
      () async throws(StoreError) in
      try await inner.giveBack(messages)
    }
  }

  func postpone(_ messages: [TakenMessage], milliseconds: UInt64) async throws(StoreError) {
    try await gate.pass(StoreCall(.postpone, users: messages.map(\.message.sender.id))) {
      () async throws(StoreError) in
      try await inner.postpone(messages, milliseconds: milliseconds)
    }
  }

  func conclude(_ message: DelayedMessage, _ end: DelayedEnd) async throws(StoreError) {
    try await gate.pass(
      StoreCall(.conclude, users: [message.sender.id], conversations: [message.conversation])
    ) { () async throws(StoreError) in
      try await inner.conclude(message, end)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}
