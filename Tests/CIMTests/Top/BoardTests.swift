import CIMProtos
import NgRPC
import Testing

@testable import cim

@Suite("What cim top shows")
struct BoardTests {
  private let first = Endpoint(host: "10.0.0.1", port: 7410)
  private let second = Endpoint(host: "10.0.0.2", port: 7410)

  private func route(_ id: String, _ now: Int64, accepted: UInt64 = 0) -> CimV1.GetRouteResponse {
    CimV1.GetRouteResponse(
      routeID: id, version: "1.0", startedAtMs: 0, nowMs: now, accepted: accepted,
      acceptance: CimV1.Latencies(boundsUs: [500, 1000, 4000], counts: [accepted, 0, accepted / 50, 0]),
      cpuMs: UInt64(now) / 4, residentBytes: 20 * 1024 * 1024)
  }

  private func server(
    _ id: String, _ now: Int64, sent: UInt64 = 0, clients: UInt32 = 0, lag: UInt64 = 0, isLinked: Bool = true
  ) -> CimV1.ServerState {
    CimV1.ServerState(
      id: id, incarnation: "i", clientAddress: "10.1.0.1:7500", version: "1.0", isRegistered: true,
      isLinked: isLinked, connections: isLinked ? clients : nil, unacknowledgedDeliveries: UInt32(lag),
      oldestUnacknowledgedMs: lag,
      work: CimV1.ServerWork(
        sent: sent, delivered: sent * 3, cpuMs: UInt64(now) / 10, residentBytes: 33 << 20, nowMs: now))
  }

  /// Two routes and two servers; the second route has lost the second server.
  private var board: Board {
    var board = Board([first, second])
    for (now, sent) in [(10_000, 1000), (12_000, 3400)] as [(Int64, UInt64)] {
      board.note(
        route("route-1", now, accepted: sent),
        [server("server-1", now, sent: sent, clients: 1200, lag: 7), server("server-2", now)], at: first)
      board.note(
        route("route-2", now),
        [
          server("server-1", now - 1, sent: sent, clients: 1199, lag: 40),
          server("server-2", now, isLinked: false),
        ],
        at: second)
      board.settle()
    }
    return board
  }

  @Test("In 80 columns there are the numbers that matter most, and every line fits")
  func narrow() {
    let lines = board.lines(at: "12:00:00", width: 80)
    #expect(
      lines == [
        "12:00:00   2 routes   2 servers   1,200 clients   sent 1,200/s   delivered 3,600",
        "",
        "ROUTE     UP  ACCEPTED/S  AGAIN/S  FRAMES/S  P50 ms  P99 ms  LINKS  CPU %  MiB",
        "route-1  12s       1,200        0         0     0.5     4.0    2/2     25   20",
        "route-2  12s           0        0         0       -       -    1/2     25   20",
        "",
        "SERVER    STATE       UP  CLIENTS  SENT/S  DELIVERED/S  LAG ms  CPU %  MiB",
        "server-1  ok         12s    1,200   1,200        3,600      40     10   33",
        "server-2  1/2 links  12s        0       0            0       0     10   33",
      ])
  }

  @Test("With room there is more")
  func wide() {
    let lines = board.lines(at: "12:00:00", width: 200)
    #expect(lines[0].hasSuffix("sent 1,200/s   delivered 3,600/s"))
    #expect(lines[2].hasPrefix("ROUTE    ADDRESS        VERSION"))
    for title in ["ADDRESS", "VERSION", "UNACKED", "CATCH-UPS/S", "PAUSED/S"] {
      #expect(lines[6].contains(title), "\(title)")
    }
    #expect(lines[7].contains("10.1.0.1:7500"))
  }

  @Test("A route that does not answer is shown with the reason, and its view of servers is not")
  func failed() throws {
    var board = board
    board.failed("no route answers\nanother address is set with --routes", at: second)
    board.settle()
    let lines = board.lines(at: "12:00:00", width: 120)
    #expect(lines[0].contains("1 of 2 routes"))
    #expect(lines.contains("10.0.0.2:7410: no route answers"))
    let server = try #require(lines.first { $0.hasPrefix("server-2") })
    #expect(server.split(separator: " ").contains("ok"), "\(server)")
    board.failed("no route answers", at: first)
    board.settle()
    #expect(board.lines(at: "12:00:00", width: 120).last == "no route that answers sees a server")
  }

  @Test("What a name holds can't act on the terminal")
  func printable() {
    var board = Board([first])
    board.note(route("evil\u{1B}[2J", 1), [server("x\u{7}", 1)], at: first)
    #expect(!board.lines(at: "", width: 200).joined().unicodeScalars.contains { $0.value < 32 })
  }

  @Test(
    "Numbers are short",
    arguments: [(0.0, "0"), (0.04, "0.0"), (1.25, "1.3"), (9.96, "10"), (1234.5, "1,235")])
  func rates(_ rate: Double, _ text: String) {
    #expect(Shown.rate(rate) == text)
  }
}
