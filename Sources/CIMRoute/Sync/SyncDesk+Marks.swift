import CIMCore
import Logging

/// Marks that have done their work.
extension SyncDesk {
  /// Clears those marks of the sessions' users that stand for nothing any more: each of a user's devices that are online has
  /// what they stand for.
  ///
  /// - Parameters:
  ///   - tails: read after the standings.
  ///   - sessions: the users' sessions.
  func clearDoneMarks(
    of standings: [SessionStanding], tails: [Conversation: LogPosition], sessions: [UserID: [CIMCore.Session]]
  ) async throws(StoreError) {
    let candidates = standings.filter { !$0.doneMarks(tails: tails).isEmpty }
    // Most users have one device online, and nothing more has to be asked.
    var wanted: [UserDevice: Set<Conversation>] = [:]
    for standing in candidates {
      let conversations = standing.doneMarks(tails: tails).map(\.conversation)
      for device in others(than: standing, in: sessions) {
        wanted[device, default: []].formUnion(conversations)
      }
    }
    let cursors = try await wanted.isEmpty ? [:] : stores.cursors.cursors(of: Array(wanted.keys), in: wanted)
    let marks = candidates.reduce(into: [UserID: [DirtyMark]]()) { marks, standing in
      let others = others(than: standing, in: sessions).map { cursors[$0]?.device ?? [:] }
      let done = standing.doneMarks(tails: tails, others: others)
      if !done.isEmpty { marks[standing.question.device.user] = done }
    }
    clear(marks)
  }

  /// The other devices of a session's user that are online.
  private func others(
    than standing: SessionStanding, in sessions: [UserID: [CIMCore.Session]]
  ) -> [UserDevice] {
    let device = standing.question.device
    return (sessions[device.user] ?? []).filter { $0.device != device.device }
      .map { UserDevice(user: $0.user, device: $0.device) }
  }

  private func clear(_ marks: [UserID: [DirtyMark]]) {
    guard !marks.isEmpty else { return }
    Task {
      do {
        _ = try await stores.log.clearDirty(marks)
      } catch {
        // They are looked at again with the next sync.
        logger.debug("marks could not be cleared", metadata: ["error": "\(error)"])
      }
    }
  }
}
