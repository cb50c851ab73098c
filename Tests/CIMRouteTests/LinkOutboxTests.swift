import CIMProtos
import NIOCore
import Testing

@testable import CIMRoute

@Suite("What a link carries")
struct LinkOutboxTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private let ann = CimV1.SessionRef(userID: 1, deviceID: "d", sessionEpoch: 7)
  private let everything: (String) -> Bool = { _ in true }

  private func outbox(count: Int = 4, bytes: Int = 1000, tails: Int = 100, kicks: Int = 2) -> LinkOutbox {
    LinkOutbox(
      limits: LinkOutbox.Limits(
        window: DeliveryWindow.Limits(count: count, bytes: bytes), tails: tails, kicks: kicks))
  }

  private func message(_ seq: UInt64, in conversation: String = "lobby") -> CimV1.Message {
    CimV1.Message(conversation: conversation, position: CimV1.LogPosition(epoch: 1, seq: seq))
  }

  private func tail(_ conversation: String, _ seq: UInt64, for sessions: [CimV1.SessionRef] = [])
    -> CimV1.Tail
  {
    CimV1.Tail(
      conversation: conversation, position: CimV1.LogPosition(epoch: 1, seq: seq), sessions: sessions)
  }

  @Test("Deliveries are numbered from 1, and again from 1 on the next link")
  func numbers() {
    var outbox = outbox()
    #expect(outbox.up(isInterested: everything).isEmpty)
    for round in 1...2 {
      for number in 1...3 as ClosedRange<UInt64> {
        guard case .deliver(let deliver) = outbox.deliver(message(number), to: [], bytes: 1, at: start) else {
          Issue.record("round \(round): delivery \(number) was not sent")
          return
        }
        #expect(deliver.number == number)
      }
      _ = outbox.down()
      _ = outbox.up(isInterested: everything)
    }
  }

  @Test("The oldest delivery that is not acknowledged is the link's lag")
  func lag() {
    var outbox = outbox()
    _ = outbox.up(isInterested: everything)
    #expect(outbox.backlog(at: start).oldestAge == .zero)
    _ = outbox.deliver(message(1), to: [], bytes: 1, at: start)
    _ = outbox.deliver(message(2), to: [], bytes: 1, at: start + .milliseconds(30))
    #expect(outbox.backlog(at: start + .milliseconds(50)).oldestAge == .milliseconds(50))
    _ = outbox.acknowledged(1, isInterested: everything)
    #expect(outbox.backlog(at: start + .milliseconds(50)).oldestAge == .milliseconds(20))
    _ = outbox.down()
    #expect(outbox.backlog(at: start + .milliseconds(50)).oldestAge == .zero)
  }

  @Test(
    "Past the count or the bytes nothing is sent; once there is room the tails are told, one of each conversation"
  )
  func window() {
    for (count, bytes) in [(2, 1000), (100, 20)] {
      var outbox = outbox(count: count, bytes: bytes)
      _ = outbox.up(isInterested: everything)
      for seq in 1...2 as ClosedRange<UInt64> {
        let frame = outbox.deliver(message(seq), to: [], bytes: 10, at: start)
        #expect(frame != nil)
      }
      for seq in 3...9 as ClosedRange<UInt64> {
        let frame = outbox.deliver(message(seq), to: [], bytes: 10, at: start)
        #expect(frame == nil)
      }
      let withoutRoom = outbox.tell([tail("p:1:2", 5, for: [ann])], isInterested: everything)
      #expect(withoutRoom.isEmpty)
      guard case .tails(let tails) = outbox.acknowledged(1, isInterested: everything)?.first else {
        Issue.record("no tails were told")
        return
      }
      #expect(Set(tails.tails) == [tail("lobby", 9), tail("p:1:2", 5, for: [ann])])
      #expect(!tails.all)
    }
  }

  @Test("An acknowledgement of what was never sent is none")
  func badAcknowledgement() {
    var outbox = outbox(count: 1)
    _ = outbox.up(isInterested: everything)
    _ = outbox.deliver(message(1), to: [], bytes: 1, at: start)
    #expect(outbox.acknowledged(2, isInterested: everything) == nil)
    let full = outbox.deliver(message(2), to: [], bytes: 1, at: start)
    #expect(full == nil)
    #expect(outbox.acknowledged(1, isInterested: everything)?.count == 1)
  }

  @Test(
    "When the link breaks, what was for named sessions is handed back, and what was for members waits as a tail"
  )
  func broken() {
    var outbox = outbox()
    _ = outbox.up(isInterested: everything)
    _ = outbox.deliver(message(1), to: [], bytes: 1, at: start)
    _ = outbox.deliver(message(1, in: "p:1:2"), to: [ann], bytes: 1, at: start)
    _ = outbox.deliver(message(2, in: "p:1:2"), to: [ann], bytes: 1, at: start)
    _ = outbox.acknowledged(2, isInterested: everything)
    _ = outbox.deliver(message(2), to: [], bytes: 1, at: start)
    #expect(outbox.down() == [tail("p:1:2", 2, for: [ann])])
    _ = outbox.deliver(message(3), to: [], bytes: 1, at: start)
    #expect(
      outbox.up(isInterested: everything) == [.tails(CimV1.Tails(tails: [tail("lobby", 3)]))])
    #expect(outbox.down().isEmpty)
  }

  @Test("Conversations without a member on the server are not told, unless a session is named")
  func interest() {
    var outbox = outbox()
    _ = outbox.deliver(message(1), to: [], bytes: 1, at: start)
    _ = outbox.deliver(message(1, in: "g:a"), to: [], bytes: 1, at: start)
    _ = outbox.deliver(message(2, in: "g:a"), to: [ann], bytes: 1, at: start)
    let frames = outbox.up { _ in false }
    #expect(frames == [.tails(CimV1.Tails(tails: [tail("g:a", 2, for: [ann])]))])
  }

  @Test("Past the bound of tails the server is told to ask for all")
  func tooManyTails() {
    var outbox = outbox(tails: 3)
    for number in 1...5 as ClosedRange<UInt64> {
      _ = outbox.deliver(message(number, in: "g:\(number)"), to: [], bytes: 1, at: start)
    }
    _ = outbox.deliver(message(9, in: "g:1"), to: [ann], bytes: 1, at: start)
    guard case .tails(let tails) = outbox.up(isInterested: everything).first else {
      Issue.record("no tails were told")
      return
    }
    #expect(tails.all)
    #expect(Set(tails.tails) == [tail("g:1", 9), tail("g:2", 2), tail("g:3", 3)])
    let again = outbox.up(isInterested: everything)
    #expect(again.isEmpty)
  }

  @Test("Kicks wait for the link; when there are too many, that is known")
  func kicks() {
    func kick(_ user: UInt64) -> CimV1.KickSession {
      CimV1.KickSession(session: CimV1.SessionRef(userID: user, deviceID: "d", sessionEpoch: 1))
    }
    var outbox = outbox(kicks: 2)
    for user in 1...3 as ClosedRange<UInt64> {
      let frame = outbox.kick(kick(user))
      #expect(frame == nil)
    }
    #expect(outbox.hasDroppedKicks)
    #expect(outbox.up(isInterested: everything) == [.kick(kick(1)), .kick(kick(2))])
    #expect(!outbox.hasDroppedKicks)
    #expect(outbox.kick(kick(4)) == .kick(kick(4)))
  }
}
