import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("Sessions", .timeLimit(.minutes(1)))
struct SessionDeskTests {
  private func denial(_ outcome: CimV1.SessionResult.Outcome?) -> StatusCode? {
    guard case .denied(let denied) = outcome else { return nil }
    return StatusCode(rawValue: UInt8(denied.statusCode))
  }

  private func granted(_ outcome: CimV1.SessionResult.Outcome?) -> CimV1.SessionGranted? {
    if case .granted(let granted) = outcome { granted } else { nil }
  }

  @Test("A session that the store lost is stated again with its epoch, and a newer one of the device stays")
  func restating() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let empty = probed.memory.copy()
      let first = try await probed.connect(ann)
      probed.memory.failOver(to: empty)
      let again = granted(
        try await probed.probe.open(ann.token, device: ann.device, epoch: first.sessionEpoch))
      #expect(again?.sessionEpoch == first.sessionEpoch)
      let stored = try await probed.stores.sessions.sessions(of: [ann.account.id])[ann.account.id]
      #expect(stored?.map(\.epoch.rawValue) == [first.sessionEpoch])
      #expect(probed.statistics.restated == 1)

      let newer = try await probed.connect(ann)
      #expect(newer.sessionEpoch > first.sessionEpoch)
      let late = try await probed.probe.open(ann.token, device: ann.device, epoch: first.sessionEpoch)
      #expect(denial(late) == .aborted)
      _ = try await probed.stores.logins.revoke(try #require(LoginToken(ann.token)))
      let void = try await probed.probe.open(ann.token, device: ann.device, epoch: newer.sessionEpoch)
      #expect(denial(void) == .unauthenticated)
    }
  }

  @Test("Of two devices whose first logins race, exactly one gets in")
  func race() async throws {
    try await ProbedRoute.run { probed in
      for round in 0..<20 {
        let phone = try await probed.person("u\(round)", device: "phone")
        let desk = try await probed.person("u\(round)", device: "desk")
        async let one = probed.probe.open(phone.token, device: phone.device)
        async let other = probed.probe.open(desk.token, device: desk.device)
        let outcomes = [try await one, try await other]
        #expect(outcomes.compactMap(granted).count == 1)
        #expect(outcomes.compactMap(denial) == [.alreadyExists])
      }
    }
  }

  @Test("The device that was written first stays, however the two go on")
  func firstStays() async throws {
    try await ProbedRoute.run { probed in
      let phone = try await probed.person("ann", device: "phone")
      let desk = try await probed.person("ann", device: "desk")
      let open = probed.held.hold(.open, .after)
      async let first = probed.probe.open(phone.token, device: phone.device)
      try await open.reached()
      #expect(denial(try await probed.probe.open(desk.token, device: desk.device)) == .alreadyExists)
      open.release()
      #expect(granted(try await first) != nil)
      try await eventually("only the phone is online") {
        try await probed.stores.sessions.sessions(of: [phone.account.id])[phone.account.id]?.map(
          \.device.rawValue)
          == ["phone"]
      }
    }
  }

  @Test("A late word of an old connection's end removes nothing, and is counted")
  func staleClose() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let (old, new) = (try await probed.connect(ann), try await probed.connect(ann))
      probed.probe.send(.sessionClosed(CimV1.SessionClosed(session: old)))
      try await eventually("it is counted") { probed.statistics.staleCloses == 1 }
      let stored = try await probed.stores.sessions.sessions(of: [ann.account.id])[ann.account.id]
      #expect(stored?.map(\.epoch.rawValue) == [new.sessionEpoch])
    }
  }

  @Test("A route that slept while a client connected elsewhere does not take the newer session's place")
  func lateOpening() async throws {
    try await ProbedRoute.run {
      $0.linkDownAfter = .milliseconds(800)
      $0.linkPingAfter = .milliseconds(50)
    } _: { probed in
      let ann = try await probed.person("ann")
      let begin = probed.held.hold(.begin)
      probed.probe.send(
        .sessionOpened(CimV1.SessionOpened(requestID: 1, token: ann.token, deviceID: ann.device)))
      try await begin.reached()
      // The probe says nothing, so that the link breaks; the client is let in by another route.
      try await probed.probe.waitForLink(2)
      let instance = ServerInstance(id: try ServerID("elsewhere"), incarnation: .random())
      let newer = try await probed.stores.sessions.open(
        user: ann.account.id, device: try DeviceID(ann.device), on: instance, loginGeneration: 1)
      begin.release()
      _ = try await probed.person("later")
      #expect(probed.held.count(.open) == 0)
      let stored = try await probed.stores.sessions.sessions(of: [ann.account.id])[ann.account.id]
      #expect(stored == [newer.session])
    }
  }

  @Test("A session whose server is never told of it is removed")
  func undeliverable() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let open = probed.held.hold(.open, .after)
      probed.probe.send(
        .sessionOpened(CimV1.SessionOpened(requestID: 1, token: ann.token, deviceID: ann.device)))
      try await open.reached()
      probed.probe.cut()
      try await probed.probe.waitForLink(2)
      open.release()
      try await eventually("nobody is online") {
        try await probed.stores.sessions.sessions(of: [ann.account.id]).isEmpty
      }
    }
  }

  @Test("A session whose place was taken by one that its server was never told of is asked to connect again")
  func lostTrack() async throws {
    try await ProbedRoute.run { probed in
      let other = try await ProbeServer("other", registry: probed.registry)
      let ann = try await probed.person("ann")
      let open = probed.held.hold(.open)
      probed.probe.send(
        .sessionOpened(CimV1.SessionOpened(requestID: 1, token: ann.token, deviceID: ann.device)))
      try await open.reached()
      probed.probe.cut()
      let newer = try await probed.stores.sessions.open(
        user: ann.account.id, device: try DeviceID(ann.device), on: other.instance, loginGeneration: 1)
      try await probed.probe.waitForLink(2)
      open.release()
      let kick = try await other.next("the kick") { frame -> CimV1.KickSession? in
        if case .kick(let kick) = frame { kick } else { nil }
      }
      #expect(kick.kick?.reason == .lostTrack)
      #expect(kick.session?.sessionEpoch == newer.session.epoch.rawValue)
      await other.stop()
    }
  }
}
