import CIMProtos
import Foundation
import NgRPC
import Testing

@testable import cim

@Suite("What an operator is shown") struct ReportTests {
  private let report = Report(
    opening: ["about \u{1b}[31mann"], facts: [("user_id", .number(7))],
    lists: [
      .init(
        "devices",
        [.init("device_id", "DEVICE"), .init("epoch", nil), .init("is_alive", "ALIVE"), .init("at", "AT")],
        rows: [
          [.text("phone"), .number(18_446_744_073_709_551_615), .flag(true), .time(1_700_000_000_000)],
          [.text("a longer one"), .number(2), .flag(false), .absent],
        ], none: "no device")
    ], closing: ["that is all"])

  @Test("A table has its columns under each other, and nothing that acts on the terminal")
  func table() {
    let lines = report.table().split(separator: "\n").map(String.init)
    #expect(!report.table().contains("\u{1b}"))
    #expect(
      lines.dropFirst() == [
        "DEVICE        ALIVE  AT",
        "phone         yes    2023-11-14T22:13:20Z",
        "a longer one  no     -",
        "that is all",
      ])
  }

  @Test("An empty list is said in words")
  func empty() {
    let report = Report(lists: [.init("devices", [.init("id", "ID")], rows: [], none: "no device")])
    #expect(report.table() == "no device")
  }

  @Test("JSON has every fact, also those that no table shows")
  func json() throws {
    let object = try JSONSerialization.jsonObject(with: Data(try report.json().utf8)) as? [String: Any]
    #expect(object?["user_id"] as? Int == 7)
    let devices = try #require(object?["devices"] as? [[String: Any]])
    #expect(devices[0]["epoch"] as? UInt64 == .max && devices[0]["is_alive"] as? Bool == true)
    #expect(devices[0]["at"] as? Int64 == 1_700_000_000_000)
    #expect(devices[1]["at"] is NSNull)
  }

  @Test(
    "A user is an id when it is a number, else a name",
    arguments: [
      ("7", CimV1.UserKey.Key.userID(7)), ("ann", .name("ann")), ("name:7", .name("7")), ("7a", .name("7a")),
      ("0", .userID(0)), ("-1", .name("-1")), ("", .name("")),
    ])
  func user(argument: String, key: CimV1.UserKey.Key) {
    #expect(UserArgument(argument: argument).key.key == key)
  }

  @Test("A failure says whom was called, and what to do")
  func failures() {
    let route = Endpoint(host: "127.0.0.1", port: 7410)
    let none = AdminFailure(RPCError(code: .unauthenticated, message: "?"), route: route, hasToken: false)
    #expect(none.description.contains("none is set") && none.description.contains("CIM_ADMIN_TOKEN"))
    #expect(none.exitCode == 77)
    let away = AdminFailure(RPCError(code: .unavailable, message: "refused"), route: route, hasToken: true)
    #expect(away.description.contains("127.0.0.1:7410") && away.description.contains("CIM_ADMIN_ROUTE"))
    #expect(away.exitCode == 69)
    let bad = AdminFailure(RPCError(code: .notFound, message: "no user x"), route: route, hasToken: true)
    #expect(bad.description == "no user x" && bad.exitCode == 1)
  }
}
