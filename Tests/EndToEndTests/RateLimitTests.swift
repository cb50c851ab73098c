import CIMProtos
import Foundation
import NgRPC
import NgRPCProtos
import TestSupport
import Testing

@Suite("Limits of rates, between processes", .serialized) struct RateLimitTests {
  @Test(
    "A script that says more than it may is slowed down, and all of it is said in order; other programs are told when to go on",
    .timeLimit(.minutes(2)))
  func script() async throws {
    let cluster = try await CimCluster(route: [
      "CIM_ROUTE_LIMITS_USER_RATE": "20/s", "CIM_ROUTE_LIMITS_USER_BURST": "10",
      "CIM_ROUTE_LIMITS_DEVICE_RATE": "3/h", "CIM_ROUTE_LIMITS_DEVICE_BURST": "50",
    ])
    let lines = (1...45).map { "line \($0)" }
    let script = try cluster.script(["--name", "ann", "--json"])
    let began = ContinuousClock.now
    try script.write((lines + [":history lobby 100", ":q!"]).joined(separator: "\n") + "\n")
    #expect(try await script.waitUntilExit() == .code(0), "\(script.errors.text)")
    // 10 at once, and 20 each second.
    #expect(ContinuousClock.now - began >= .milliseconds(1700))
    let history = try #require(script.output.text.split(separator: "\n").first { $0.contains("\"history\"") })
    let listing = try JSONSerialization.jsonObject(with: Data(history.utf8)) as? [String: Any]
    let items = try #require(listing?["items"] as? [[String: Any]])
    #expect(items.compactMap { $0["text"] as? String } == lines)

    try await withChannel(to: cluster.route.ports[0]) { channel in
      let route = CimV1.Route.Client(channel)
      let user = try #require(try await route.register(CimV1.RegisterRequest(name: "ben")).user)
      let login = try await route.login(
        CimV1.LoginRequest(userID: user.id, name: user.name, deviceID: "by-calls"))
      let options = CallOptions(timeout: .seconds(10), metadata: ["authorization": "Bearer \(login.token)"])
      var refusal: RPCError?
      for _ in 0..<100 where refusal == nil {
        do {
          _ = try await route.send(
            CimV1.SendRequest(target: .conversation("lobby"), content: CimV1.Content(kind: .text("x"))),
            options: options)
        } catch let error as RPCError {
          refusal = error
        }
      }
      #expect(refusal?.code == .resourceExhausted)
      #expect(refusal?.message.contains("try again in ") == true)
    }
  }
}
