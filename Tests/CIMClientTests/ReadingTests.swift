import CIMCore
import CIMRoute
import CIMTestSupport
import TestSupport
import Testing

@testable import CIMClient

@Suite("Reading with a client", .timeLimit(.minutes(1))) struct ReadingTests {
  private func run(_ body: @Sendable (Cluster) async throws -> Void) async throws {
    try await Cluster.run(servers: 2, routes: 2) {
      $0.route = {
        $0.loginPolicy = .all
        $0.receiptInterval = .milliseconds(20)
      }
    } _: { cluster in
      try await body(cluster)
    }
  }

  /// The next receipt of a kind.
  private func receipt(_ kind: Receipt.Kind, to user: TestUser) async throws -> Receipt {
    let event = try await user.next {
      if case .receipt(let receipt) = $0 { receipt.kind == kind } else { false }
    }
    guard case .receipt(let receipt) = event else { preconditionFailure("that was asked for") }
    return receipt
  }

  @Test(
    "A sender is told what was delivered and read, and the reader's other device what was read, also when it was away"
  )
  func twoDevices() async throws {
    try await self.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let phone = try await TestUser("bob", device: "phone", in: cluster)
      let storage = InMemoryStorage(device: try DeviceID("laptop"))
      let laptop = try await TestUser("bob", in: cluster) { $0.storage = storage }
      let bob = try #require(phone.client.info.account)
      let pair = Conversation.direct(between: try ann.id, and: bob.id)
      for number in 1...3 { try await ann.client.send("\(number)", to: .user(bob.id)) }
      var last = try await phone.message()
      while last.text != "3" { last = try await phone.message() }
      // As fast as one reads, and one frame.
      for seq in 1...last.position.seq {
        phone.client.markRead(pair, upTo: LogPosition(epoch: last.position.epoch, seq: seq))
      }
      let position = last.position
      for user in [phone, laptop] {
        _ = try await user.next { $0 == .read(pair, upTo: position) }
      }
      let read = try await self.receipt(.read, to: ann)
      #expect(read == Receipt(conversation: pair, reader: bob, position: position, kind: .read))
      let readers = try await ann.client.readers(of: pair, upTo: position)
      #expect(readers.map(\.user) == [bob] && readers.first?.read == position)

      await laptop.client.close()
      let next = try await ann.client.send("4", to: .user(bob.id))
      phone.client.markRead(pair, upTo: next.position)
      _ = try await phone.next { $0 == .read(pair, upTo: next.position) }
      let back = try await TestUser("bob", in: cluster) { $0.storage = storage }
      _ = try await back.next { $0 == .read(pair, upTo: next.position) }
      for user in [ann, phone, back] { await user.client.close() }
    }
  }

  @Test("Conversations are listed with what is unread; who blocks is not written to")
  func conversations() async throws {
    try await self.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let (annID, bobID) = (try ann.id, try bob.id)
      let pair = Conversation.direct(between: annID, and: bobID)
      for text in ["1", "2"] { try await ann.client.send(text, to: .user(bobID)) }
      let accepted = try await ann.client.send("3", to: .user(bobID))
      var mine = try await bob.client.conversations()
      #expect(mine.map(\.conversation) == [pair] && mine.first?.unread == 3)
      #expect(mine.first?.peer?.id == annID && mine.first?.last == accepted.position)
      guard case .message(let preview)? = mine.first?.preview else {
        Issue.record("there is no preview")
        return
      }
      #expect(preview.text == "3")
      bob.client.markRead(pair, upTo: accepted.position)
      _ = try await bob.next { $0 == .read(pair, upTo: accepted.position) }
      mine = try await bob.client.conversations(limit: 1)
      #expect(mine.first?.unread == 0 && mine.first?.read == accepted.position)

      #expect(try await bob.client.block(annID))
      #expect(try await bob.client.blockedUsers().map(\.id) == [annID])
      let refused = await #expect(throws: SendError.self) { try await ann.client.send("4", to: .user(bobID)) }
      #expect(refused?.code == .blocked)
      #expect(try await bob.client.unblock(annID))
      try await ann.client.send("5", to: .user(bobID))
      let lobby = await #expect(throws: ClientError.self) { try await ann.client.readers(of: .lobby) }
      #expect(lobby?.code == .refused)
      for user in [ann, bob] { await user.client.close() }
    }
  }
}
