import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Reading over sessions", .timeLimit(.minutes(1)))
struct ReceiptTests {
  private func run(
    servers: Int = 2, routes: Int = 2, _ body: @Sendable (Cluster) async throws -> Void
  ) async throws {
    try await Cluster.run(servers: servers, routes: routes) {
      $0.route = {
        $0.loginPolicy = .all
        $0.receiptInterval = .milliseconds(20)
      }
    } _: { cluster in
      try await body(cluster)
    }
  }

  private func receipt(
    _ kind: CimV1.ReceiptKind, to client: TestClient
  ) async throws -> CimV1.Receipt {
    try await client.next { frame in
      if case .receipt(let receipt) = frame, receipt.kind == kind { receipt } else { nil }
    }
  }

  private func marks(to client: TestClient) async throws -> [CimV1.Cursor] {
    try await client.next { if case .readMarks(let marks) = $0 { marks.cursors } else { nil } }
  }

  @Test(
    "A sender hears of what was delivered and read; reading on one device is known to the other, and to a new one"
  )
  func twoDevices() async throws {
    try await run { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let phone = try await TestClient("bob", device: "phone", to: 0, in: cluster)
      let laptop = try await TestClient("bob", device: "laptop", to: 1, in: cluster)
      let pair = ann.conversation(with: phone)
      for number in 1...3 { try await ann.post("\(number)", to: pair) }
      var last: CimV1.LogPosition?
      for _ in 1...3 { last = try await phone.nextMessage().position }
      try await phone.send(.ack(CimV1.Ack(cursors: [CimV1.Cursor(conversation: pair, position: last)])))
      let delivered = try await receipt(.delivered, to: ann)
      #expect(delivered.conversation == pair && delivered.position == last && delivered.reader?.name == "bob")

      try await phone.send(.read(CimV1.Read(cursors: [CimV1.Cursor(conversation: pair, position: last)])))
      let expected = [CimV1.Cursor(conversation: pair, position: last)]
      #expect(try await marks(to: phone) == expected)
      #expect(try await marks(to: laptop) == expected)
      let read = try await receipt(.read, to: ann)
      #expect(read.conversation == pair && read.position == last && read.reader?.id == phone.user.id)

      let tablet = try await TestClient("bob", device: "tablet", to: 1, in: cluster)
      #expect(try await marks(to: tablet) == expected)
      for client in [ann, phone, laptop, tablet] { await client.leave() }
    }
  }

  @Test("A sender who was away asks how it stands")
  func senderAway() async throws {
    try await run(servers: 1, routes: 1) { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      let pair = ann.conversation(with: bob)
      try await ann.post("1", to: pair)
      let place = try await bob.nextMessage().position
      await ann.leave()
      let cursors = [CimV1.Cursor(conversation: pair, position: place)]
      try await bob.send(.ack(CimV1.Ack(cursors: cursors)))
      try await bob.send(.read(CimV1.Read(cursors: cursors)))
      _ = try await marks(to: bob)
      let back = try await TestClient("ann", in: cluster)
      let options = CallOptions(metadata: ["authorization": "Bearer \(back.token)"])
      try await cluster.withRoute { route in
        let request = CimV1.ListReadersRequest(conversation: pair, position: place)
        var readers: [CimV1.Reader] = []
        try await eventually("bob has it") {
          readers = try await route.listReaders(request, options: options).readers
          return readers.first?.delivered != nil
        }
        #expect(readers == [CimV1.Reader(user: bob.user, delivered: place, read: place)])
      }
      await back.leave()
      await bob.leave()
    }
  }

  @Test("What names no place is ignored and counted, and many places of one conversation go on as one")
  func oddFrames() async throws {
    try await run(servers: 1, routes: 1) { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      let pair = ann.conversation(with: bob)
      for number in 1...20 { try await ann.post("\(number)", to: pair) }
      var places: [CimV1.LogPosition?] = []
      for _ in 1...20 { places.append(try await bob.nextMessage().position) }
      let ignored = cluster.servers[0].node.statistics.ignoredFrames
      for cursor in [
        CimV1.Cursor(conversation: "nonsense", position: places[0]), CimV1.Cursor(conversation: pair),
        CimV1.Cursor(conversation: pair, position: CimV1.LogPosition(epoch: 1, seq: 0)),
      ] {
        try await bob.send(.read(CimV1.Read(cursors: [cursor])))
      }
      for place in places {
        try await bob.send(.read(CimV1.Read(cursors: [CimV1.Cursor(conversation: pair, position: place)])))
      }
      var told: [CimV1.LogPosition?] = []
      while told.last != places.last { told.append(try await receipt(.read, to: ann).position) }
      #expect(told.count < 20, "\(told.count)")
      #expect(cluster.servers[0].node.statistics.ignoredFrames == ignored + 3)
      await ann.leave()
      await bob.leave()
    }
  }
}
