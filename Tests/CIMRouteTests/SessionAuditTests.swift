import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NIOCore
import TestSupport
import Testing

@Suite("Store and servers agree on who is connected", .timeLimit(.minutes(1)))
struct SessionAuditTests {
  @Test("A sync tells of a session that the store does not have as the server stated it")
  func unknown() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let session = try await probed.connect(ann)
      let before = try await probed.probe.sync(CimV1.SyncSession(session: session))
      #expect(before.sessions.map(\.isUnknown) == [false])
      _ = try await probed.stores.sessions.close(
        user: ann.account.id, device: try DeviceID(ann.device), epoch: SessionEpoch(session.sessionEpoch))
      let after = try await probed.probe.sync(CimV1.SyncSession(session: session))
      #expect(after.sessions.map(\.isUnknown) == [true])
    }
  }

  @Test("A session that its server does not know is removed, one that it knows stays")
  func ghosts() async throws {
    try await ProbedRoute.run(configure: {
      $0.auditInterval = .milliseconds(50)
      $0.unknownSessionGrace = .milliseconds(100)
    }) { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let (ghost, living) = (try await probed.connect(ann), try await probed.connect(bob))
      // The server's part: it says each time who is not there.
      let answering = Task {
        while !Task.isCancelled {
          let asked = try await probed.probe.next("a probe") { frame -> [CimV1.SessionRef]? in
            if case .probe(let probe) = frame { probe.sessions } else { nil }
          }
          if asked.contains(ghost) { probed.probe.send(.notHere(CimV1.NotHere(session: ghost))) }
        }
      }
      defer { answering.cancel() }
      try await eventually("the ghost is gone") {
        try await probed.stores.sessions.sessions(of: [ann.account.id]).isEmpty
      }
      let left = try await probed.stores.sessions.sessions(of: [bob.account.id])[bob.account.id]
      #expect(left?.map(\.epoch.rawValue) == [living.sessionEpoch])
    }
  }
}
