import CIMProtos
import Testing

@testable import CIMServer

@Suite("A session's sends under way")
struct SendWindowTests {
  private let one = LinkID(rawValue: 1)
  private let two = LinkID(rawValue: 2)

  private func send(_ text: String, to conversation: String = "lobby") -> CimV1.Send {
    CimV1.Send(
      sendID: CimV1.SendId(producer: "p", conversation: conversation, counter: 1),
      content: CimV1.Content(kind: .text(text)))
  }

  @Test("The number of sends and their bytes are bounded; one alone may be larger")
  func limits() {
    var window = SendWindow(limits: .init(count: 2, bytes: 10))
    #expect(window.hasRoom(for: send("a text that is longer than ten bytes")))
    let first = window.add(send("12345"), over: one)
    #expect(window.hasRoom(for: send("12345")))
    #expect(!window.hasRoom(for: send("123456")))
    _ = window.add(send("12"), over: one)
    #expect(!window.hasRoom(for: send("1")))
    #expect(window.remove(first.number) == true)
    #expect(window.hasRoom(for: send("12345")))
  }

  @Test("An answer counts once")
  func answers() {
    var window = SendWindow(limits: .init(count: 2, bytes: 10))
    let pending = window.add(send("a"), over: one)
    #expect(window.remove(pending.number) == true)
    #expect(window.remove(pending.number) == false)
  }

  @Test("A conversation stays on the link on which its sends are under way")
  func sticky() {
    var window = SendWindow(limits: .init(count: 8, bytes: 100))
    let pending = window.add(send("a", to: "p:1:2"), over: two)
    #expect(window.link(of: "p:1:2") == two)
    #expect(window.link(of: "lobby") == nil)
    _ = window.remove(pending.number)
    #expect(window.link(of: "p:1:2") == nil)
  }

  @Test("What was under way on a lost link moves in order, and what can't is given up")
  func moving() {
    var window = SendWindow(limits: .init(count: 8, bytes: 100))
    let a = window.add(send("a"), over: one)
    let b = window.add(send("b", to: "p:1:2"), over: one)
    let c = window.add(send("c"), over: one)
    let d = window.add(send("d"), over: two)
    let (again, unsent) = window.move(from: one) { $0 == "lobby" ? two : nil }
    #expect(again.map(\.number) == [a.number, c.number])
    #expect(unsent.map(\.number) == [b.number])
    #expect(window.count == 3)
    #expect(window.links == [two])
    #expect(window.remove(d.number) == true)
    #expect(window.remove(b.number) == false)
  }
}
