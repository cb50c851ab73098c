import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import TestSupport
import Testing

@Suite("A route that goes away", .timeLimit(.minutes(1)))
struct DrainTests {
  @Test("It finishes and answers what it accepted, and ends its links behind the answers")
  func draining() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      func send(_ counter: UInt64) {
        probed.probe.send(
          .send(
            CimV1.LinkSend(
              requestID: counter, sender: CimV1.User(id: ann.id, name: "ann"), deviceID: ann.device,
              send: CimV1.Send(
                sendID: CimV1.SendId(producer: "p", conversation: "lobby", counter: counter),
                content: CimV1.Content(kind: .text("\(counter)"))))))
      }
      let append = probed.held.hold(.append)
      send(1)
      send(2)
      try await append.reached()
      // Frames are taken in order: with this one's answer both have been.
      probed.probe.send(.tailsQuery(CimV1.TailsQuery(conversations: ["lobby"])))
      _ = try await probed.probe.nextTails()
      async let stopped: Void = probed.route.node.shutdown(within: .seconds(10))
      try await eventually("it goes away") { !probed.route.node.isReady }
      append.release()
      for _ in 1...2 {
        let result = try await probed.probe.next("an answer") { frame -> CimV1.SendResult? in
          if case .sendResult(let result) = frame { result.result } else { nil }
        }
        guard case .accepted = result.outcome else {
          Issue.record("what was accepted was not finished")
          return
        }
      }
      try await probed.probe.waitForEnd()
      await stopped
      #expect(probed.probe.count { if case .hello = $0 { true } else { false } } == 1, "No new link is made.")
    }
  }
}
