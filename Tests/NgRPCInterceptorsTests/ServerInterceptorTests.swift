import NIOCore
import NgRPC
import Testing

@Suite("Interceptors of a server", .timeLimit(.minutes(1)))
struct ServerInterceptorTests {
  @Test("Calls of every kind pass in the order listed on the way in, and backwards on the way out")
  func order() async throws {
    for method in EchoService.every {
      let journal = Journal<String>()
      let interceptors = ["outer", "inner"].map { JournalingInterceptor(name: $0, journal: journal) }
      try await withLoopback(server: interceptors) { channel, _ in
        let exchange = try await channel.exchange(method, "x")
        #expect(exchange.responses == ["x"])
        #expect(exchange.initialMetadata.strings(for: "head") == ["inner", "outer"])
        #expect(exchange.status.metadata.strings(for: "tail") == ["inner", "outer"])
        #expect(
          journal.entries == [
            "outer intercepts \(method)", "inner intercepts \(method)", "outer received 1",
            "inner received 1",
            "inner sends head", "outer sends head", "inner sent 1", "outer sent 1", "inner sends OK",
            "outer sends OK", "inner ended OK", "outer ended OK",
          ])
      }
    }
  }

  @Test("Advice runs around async handlers, in order and in their task", arguments: EchoService.async)
  func advice(method: MethodDescriptor) async throws {
    let journal = Journal<String>()
    let service = EchoService(began: { _ in journal.append("handler sees \(TaskValue.current)") })
    let interceptors = ["outer", "inner"].map { AdvisingInterceptor(name: $0, journal: journal) }
    try await withLoopback(service, server: interceptors) { channel, _ in
      let status = try await channel.exchange(method).status
      #expect(status.code == .ok)
    }
    #expect(
      journal.entries == [
        "outer before", "inner before", "handler sees outer.inner", "inner after", "outer after",
      ])
  }

  @Test(
    "A handler runs on its call's event loop, whatever is around it and before it",
    arguments: EchoService.async)
  func eventLoop(method: MethodDescriptor) async throws {
    let gate = Gate()
    gate.open()
    let onLoop = Journal<Bool>()
    let service = EchoService(began: { onLoop.append($0.eventLoop.inEventLoop) })
    let interceptors: [any ServerInterceptor] = [
      AdvisingInterceptor(name: "outer", journal: Journal()), HoldingInterceptor(gate: gate),
    ]
    try await withLoopback(service, server: interceptors) { channel, _ in
      try await channel.expect(.ok, of: method)
    }
    #expect(onLoop.entries == [true])
  }

  @Test("An interceptor refuses a call before its handler is made", arguments: EchoService.every)
  func refusal(method: MethodDescriptor) async throws {
    let journal = Journal<String>()
    let service = EchoService(
      began: { _ in journal.append("handler") }, made: { _ in journal.append("handler") })
    let interceptors: [any ServerInterceptor] = [
      JournalingInterceptor(name: "outer", journal: journal),
      RefusingInterceptor(), JournalingInterceptor(name: "inner", journal: journal),
    ]
    try await withLoopback(service, server: interceptors) { channel, _ in
      let status = try await channel.exchange(method).status
      #expect(status.code == .permissionDenied)
      #expect(status.message == "Not today.")
      #expect(status.metadata.string(for: "why") == "closed")
      #expect(status.metadata.string(for: "tail") == "outer")
    }
    #expect(
      journal.entries == [
        "outer intercepts \(method)", "outer sends PERMISSION_DENIED", "outer ended PERMISSION_DENIED",
      ])
  }

  @Test(
    "A call is held until it is let in, and then gets all that came meanwhile", arguments: EchoService.every)
  func admission(method: MethodDescriptor) async throws {
    let gate = Gate()
    let journal = Journal<String>()
    let interceptors: [any ServerInterceptor] = [
      HoldingInterceptor(gate: gate), JournalingInterceptor(name: "inner", journal: journal),
    ]
    let service = EchoService(
      began: { context in #expect(context[Ticket.self] == "admitted") },
      made: { context in #expect(context[Ticket.self] == "admitted") })
    try await withLoopback(service, server: interceptors) { channel, _ in
      async let exchange = channel.exchange(method, "held")
      try await gate.reached.wait { $0.count == 1 }
      #expect(journal.entries.isEmpty)
      gate.open()
      let result = try await exchange
      #expect(result.status.code == .ok)
      #expect(result.responses.joined() == "held")
    }
  }

  @Test("What is held of a message larger than the window arrives whole")
  func largeHeldMessage() async throws {
    let gate = Gate()
    try await withLoopback(server: [HoldingInterceptor(gate: gate)]) { channel, _ in
      let request = ByteBuffer(repeating: 5, count: 3 * 1024 * 1024)
      async let response: ByteBuffer = channel.unary(EchoService.unary, request)
      try await gate.reached.wait { $0.count == 1 }
      gate.open()
      let echoed = try await response
      #expect(echoed == request)
    }
  }

  @Test("The client of a held call is stopped by the stream's window, and goes on when the call is let in")
  func heldSender() async throws {
    let gate = Gate()
    let sent = Journal<Void>()
    let interceptor = HoldingInterceptor(gate: gate).applied(to: .methods([EchoService.collect]))
    try await withLoopback(server: [interceptor]) { channel, _ in
      let message = ByteBuffer(repeating: 1, count: 16 * 1024)
      let call = channel.call(EchoService.collect, (ByteBuffer.self, ByteBuffer.self))
      let sender = Task {
        for _ in 0..<128 {
          try await call.send(message)
          sent.append(())
        }
        call.finish()
      }
      try await gate.reached.wait { $0.count == 1 }
      // Time enough for all of it, if nothing stopped it.
      for _ in 0..<200 { _ = try await channel.exchange(EchoService.unary) }
      #expect(sent.entries.count * message.readableBytes <= 512 * 1024)
      gate.open()
      var responses = call.messages.makeAsyncIterator()
      #expect(try await responses.next()?.readableBytes == 2 * 1024 * 1024)
      try await sender.value
    }
  }

  @Test("A call that ends while it is held cancels its admission, and is told to its observers once")
  func cancelledAdmission() async throws {
    for method in EchoService.every {
      let gate = Gate()
      let journal = Journal<String>()
      let interceptors: [any ServerInterceptor] = [
        JournalingInterceptor(name: "outer", journal: journal), HoldingInterceptor(gate: gate),
      ]
      try await withLoopback(server: interceptors) { channel, _ in
        let call = channel.call(method, (ByteBuffer.self, ByteBuffer.self))
        try await call.send(ByteBuffer(string: "x"))
        try await gate.reached.wait { $0.count == 1 }
        call.cancel()
        try await gate.cancelled.wait { $0.count == 1 }
        try await journal.wait { $0.contains("outer ended CANCELLED") }
      }
      #expect(journal.entries.filter { $0.hasPrefix("outer ended") } == ["outer ended CANCELLED"])
      #expect(!journal.entries.contains("outer received 1"))
    }
  }

  @Test("A call whose deadline passes while it is held ends there")
  func deadlineWhileHeld() async throws {
    let gate = Gate()
    try await withLoopback(server: [HoldingInterceptor(gate: gate)]) { channel, _ in
      // On a busy machine the time can pass before the call has come to the server.
      while gate.reached.entries.isEmpty {
        let late = try await channel.exchange(
          EchoService.stream, options: CallOptions(timeout: .seconds(1)))
        #expect(late.status.code == .deadlineExceeded)
      }
      try await gate.cancelled.wait { !$0.isEmpty }
    }
  }

  @Test("An admission that fails ends the call with its status", arguments: EchoService.every)
  func failedAdmission(method: MethodDescriptor) async throws {
    try await withLoopback(server: [FailingAdmission()]) { channel, _ in
      let status = try await channel.exchange(method).status
      #expect(status.code == .unauthenticated)
      #expect(status.message == "Who are you?")
    }
  }

  @Test("A filter holds an interceptor to its methods")
  func filter() async throws {
    let journal = Journal<String>()
    let interceptor = JournalingInterceptor(name: "one", journal: journal)
      .applied(to: .services([EchoService.name]).except(.methods([EchoService.chat])))
    try await withLoopback(server: [interceptor]) { channel, _ in
      for method in EchoService.every { _ = try await channel.exchange(method) }
      _ = try await channel.exchange(MethodDescriptor(service: "test.Other", method: "No", kind: .unary))
    }
    #expect(
      journal.entries.filter { $0.contains("intercepts") }
        == [EchoService.unary, EchoService.expand, EchoService.collect, EchoService.stream].map {
          "one intercepts \($0)"
        })
  }

  @Test("Calls of methods that the server does not have are seen, and marked")
  func unregistered() async throws {
    let journal = Journal<String>()
    let interceptor = JournalingInterceptor(name: "one", journal: journal)
    try await withLoopback(server: [interceptor]) { channel, _ in
      let method = MethodDescriptor(service: EchoService.name, method: "Nothing", kind: .unary)
      let status = try await channel.exchange(method).status
      #expect(status.code == .unimplemented)
      #expect(status.message.contains("has no method \"Nothing\""))
    }
    #expect(
      journal.entries == [
        "one intercepts unregistered /test.Echo/Nothing", "one sends UNIMPLEMENTED",
        "one ended UNIMPLEMENTED",
      ])
  }

  @Test("An observer changes the status that travels")
  func changedStatus() async throws {
    try await withLoopback(
      EchoService(began: { _ in throw Secret() }, made: { _ in throw Secret() }),
      server: [MaskingInterceptor()]
    ) { channel, _ in
      for method in EchoService.every {
        let status = try await channel.exchange(method).status
        #expect(status.code == .internalError)
        #expect(status.message == "Something went wrong; ask for 42.")
      }
    }
  }
}

private struct Secret: Error {}

private enum Ticket: ContextKey { typealias Value = String }

private enum TaskValue { @TaskLocal static var current = "" }

private struct AdvisingInterceptor: ServerInterceptor {
  let name: String
  let journal: Journal<String>

  func intercept(_ call: inout ServerContext) -> ServerInterception {
    ServerInterception(advice: { next in
      journal.append("\(name) before")
      let value = TaskValue.current.isEmpty ? name : "\(TaskValue.current).\(name)"
      try await TaskValue.$current.withValue(value) { try await next() }
      journal.append("\(name) after")
    })
  }
}

private struct RefusingInterceptor: ServerInterceptor {
  func intercept(_ call: inout ServerContext) throws -> ServerInterception {
    throw RPCError(code: .permissionDenied, message: "Not today.", metadata: ["why": "closed"])
  }
}

private struct FailingAdmission: ServerInterceptor {
  func intercept(_ call: inout ServerContext) -> ServerInterception {
    ServerInterception(admission: { _ in
      await Task.yield()
      throw RPCError(code: .unauthenticated, message: "Who are you?")
    })
  }
}

private struct HoldingInterceptor: ServerInterceptor {
  let gate: Gate

  func intercept(_ call: inout ServerContext) -> ServerInterception {
    ServerInterception(admission: { call in
      try await gate.pass()
      call[Ticket.self] = "admitted"
    })
  }
}

private struct MaskingInterceptor: ServerInterceptor {
  final class Observer: ServerCallObserver {
    func sendingStatus(_ status: inout RPCError) {
      if status.code == .unknown {
        status = RPCError(code: .internalError, message: "Something went wrong; ask for 42.")
      }
    }
  }

  func intercept(_ call: inout ServerContext) -> ServerInterception {
    ServerInterception(observer: Observer())
  }
}
