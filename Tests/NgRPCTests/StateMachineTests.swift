import Testing

@testable import NgRPC

@Suite("The server's side of a call")
struct ServerStreamStateTests {
  @Test("A call that fails before its first message is answered with trailers only")
  func trailersOnly() {
    var state = ServerStreamState(kind: .unary)
    let end1 = state.finish()
    #expect(end1 == .trailersOnly)
    let end2 = state.finish()
    #expect(end2 == .drop)
    let sent3 = state.send()
    #expect(sent3 == .drop)
  }

  @Test("Headers go out once, before the first message")
  func headersOnce() {
    var state = ServerStreamState(kind: .serverStreaming)
    let sent4 = state.send()
    #expect(sent4 == .headersAndMessage)
    let sent5 = state.send()
    #expect(sent5 == .message)
    let end6 = state.finish()
    #expect(end6 == .trailers)
  }

  @Test(
    "A second request message is an error where the method takes one",
    arguments: [MethodDescriptor.Kind.unary, .serverStreaming])
  func secondMessage(kind: MethodDescriptor.Kind) throws {
    var state = ServerStreamState(kind: kind)
    let taken7 = try state.receiveMessage()
    #expect(taken7)
    #expect(throws: RPCError.self) { try state.receiveMessage() }
  }

  @Test("A missing request message is an error where the method takes one")
  func noMessage() {
    var state = ServerStreamState(kind: .unary)
    #expect(throws: RPCError.self) { try state.receiveEnd() }
  }

  @Test("A streaming call takes any number of messages, none included")
  func streaming() throws {
    var state = ServerStreamState(kind: .bidirectional)
    let taken8 = try state.receiveMessage()
    #expect(taken8)
    let taken9 = try state.receiveMessage()
    #expect(taken9)
    let ended10 = try state.receiveEnd()
    #expect(ended10)
    let ended11 = try state.receiveEnd()
    #expect(!ended11)
    var empty = ServerStreamState(kind: .clientStreaming)
    let ended12 = try empty.receiveEnd()
    #expect(ended12)
  }

  @Test("After its end a call takes nothing more")
  func afterEnd() throws {
    var state = ServerStreamState(kind: .bidirectional)
    _ = state.finish()
    let taken13 = try state.receiveMessage()
    #expect(!taken13)
    let ended14 = try state.receiveEnd()
    #expect(!ended14)
    let cut15 = state.close()
    #expect(!cut15)
  }

  @Test("A stream that goes before the response has ended cuts the call short")
  func cutShort() {
    var state = ServerStreamState(kind: .unary)
    let cut16 = state.close()
    #expect(cut16)
    let end17 = state.finish()
    #expect(end17 == .drop)
  }
}

@Suite("The client's side of a call")
struct ClientResponseStateTests {
  private func headers(_ fields: [(String, String)]) -> HeaderBlock {
    let block = HeaderBlock()
    for (name, value) in fields {
      Array(name.utf8).withUnsafeBytes { name in
        Array(value.utf8).withUnsafeBytes { block.add(name: name, value: $0) }
      }
    }
    return block
  }

  private func end(_ fields: [(String, String)], kind: MethodDescriptor.Kind = .bidirectional) -> StatusCode?
  {
    var state = ClientResponseState(kind: kind)
    if case .end(let error) = state.receive(headers(fields), endStream: true) { return error.code }
    return nil
  }

  private let head = [(":status", "200"), ("content-type", "application/grpc+proto")]

  @Test(
    "A response without a gRPC status is told by its HTTP status",
    arguments: [
      ("400", StatusCode.internalError), ("401", .unauthenticated), ("403", .permissionDenied),
      ("404", .unimplemented),
      ("429", .unavailable), ("502", .unavailable), ("503", .unavailable), ("504", .unavailable),
      ("431", .internalError),
      ("500", .unknown), ("200", .unknown),
    ])
  func httpStatus(status: String, code: StatusCode) {
    #expect(end([(":status", status)]) == code)
  }

  @Test("The gRPC status counts more than the HTTP status")
  func grpcStatus() {
    #expect(end([(":status", "404"), ("grpc-status", "5")]) == .notFound)
    #expect(end([(":status", "200"), ("grpc-status", "banana")]) == .unknown)
  }

  @Test("OK without a message is INTERNAL where the method has one")
  func okWithoutMessage() {
    #expect(end(head + [("grpc-status", "0")], kind: .unary) == .internalError)
    #expect(end(head + [("grpc-status", "0")]) == .ok)
  }

  @Test("Interim responses are skipped")
  func interim() {
    var state = ClientResponseState(kind: .unary)
    guard case .ignore = state.receive(headers([(":status", "103")]), endStream: false) else {
      Issue.record("103 was taken for the response")
      return
    }
    guard case .initial = state.receive(headers(head), endStream: false) else {
      Issue.record("the response was not taken")
      return
    }
  }

  @Test("An encoding that was not offered is a violation")
  func encoding() {
    var state = ClientResponseState(kind: .unary)
    guard
      case .violation(let error) = state.receive(
        headers(head + [("grpc-encoding", "snappy")]), endStream: false)
    else {
      Issue.record("snappy was taken")
      return
    }
    #expect(error.code == .internalError)
  }

  @Test("A message before the headers, and a second one of a unary call, are errors")
  func messages() throws {
    var state = ClientResponseState(kind: .unary)
    #expect(throws: RPCError.self) { try state.receiveMessage() }
    _ = state.receive(headers(head), endStream: false)
    let taken18 = try state.receiveMessage()
    #expect(taken18)
    #expect(throws: RPCError.self) { try state.receiveMessage() }
  }
}
