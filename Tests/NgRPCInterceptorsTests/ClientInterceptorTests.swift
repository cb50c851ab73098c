import NIOCore
import NgRPC
import Testing

@Suite("Interceptors of a channel", .timeLimit(.minutes(1)))
struct ClientInterceptorTests {
  @Test("Calls of every kind pass in the order listed, and their answers backwards")
  func order() async throws {
    for method in EchoService.every {
      let journal = Journal<String>()
      let passed = Journal<[String]>()
      let service = EchoService(
        began: { passed.append($0.metadata.strings(for: "passed")) },
        made: { passed.append($0.metadata.strings(for: "passed")) })
      let interceptors = ["outer", "inner"].map { JournalingInterceptor(name: $0, journal: journal) }
      try await withLoopback(service, channel: interceptors) { channel, _ in
        let status = try await channel.exchange(method, "x").status
        #expect(status.code == .ok)
        #expect(passed.entries == [["outer", "inner"]])
        let entries = journal.entries
        #expect(entries.prefix(2) == ["outer intercepts \(method)", "inner intercepts \(method)"])
        // Whether the message or the connection is there first is open.
        #expect(
          entries.dropFirst(2).prefix(4).sorted()
            == ["inner sent 1", "inner started", "outer sent 1", "outer started"])
        #expect(
          entries.suffix(6) == [
            "inner received head", "outer received head", "inner received 1", "outer received 1",
            "inner ended OK",
            "outer ended OK",
          ])
      }
    }
  }

  @Test("An interceptor ends a call before anything is sent")
  func refusal() async throws {
    let journal = Journal<String>()
    let service = EchoService(began: { _ in journal.append("handler") })
    let interceptors: [any ClientInterceptor] = [
      JournalingInterceptor(name: "outer", journal: journal), RefusingInterceptor(),
    ]
    try await withLoopback(service, channel: interceptors) { channel, _ in
      let status = try await channel.exchange(EchoService.chat).status
      #expect(status.code == .failedPrecondition)
      await #expect(throws: RPCError.self) {
        let _: ByteBuffer = try await channel.unary(EchoService.unary, ByteBuffer())
      }
    }
    #expect(
      journal.entries.filter { !$0.contains("sent") }.suffix(2) == [
        "outer intercepts /test.Echo/Unary", "outer ended FAILED_PRECONDITION",
      ])
  }

  @Test("A call waits until it is prepared, in the caller's task-locals", arguments: EchoService.every)
  func preparation(method: MethodDescriptor) async throws {
    let gate = Gate()
    let tokens = Journal<String?>()
    let service = EchoService(
      began: { tokens.append($0.metadata.string(for: "token")) },
      made: { tokens.append($0.metadata.string(for: "token")) })
    try await withLoopback(service, channel: [PreparingInterceptor(gate: gate)]) { channel, _ in
      async let exchange = Caller.$name.withValue("ann") { try await channel.exchange(method, "early") }
      try await gate.reached.wait { $0.count == 1 }
      #expect(tokens.entries.isEmpty)
      gate.open()
      let responses = try await exchange.responses
      #expect(responses.joined() == "early")
      #expect(tokens.entries == ["token of ann"])
    }
  }

  @Test("A call that ends while it is prepared cancels that, and its observers are told once")
  func cancelledPreparation() async throws {
    let gate = Gate()
    let journal = Journal<String>()
    let interceptors: [any ClientInterceptor] = [
      JournalingInterceptor(name: "outer", journal: journal), PreparingInterceptor(gate: gate),
      JournalingInterceptor(name: "inner", journal: journal),
    ]
    try await withLoopback(channel: interceptors) { channel, _ in
      let call = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
      try await gate.reached.wait { $0.count == 1 }
      call.cancel()
      #expect(try await call.status().code == .cancelled)
      try await gate.cancelled.wait { $0.count == 1 }
      let late = try await channel.exchange(
        EchoService.unary, options: CallOptions(timeout: .milliseconds(50)))
      #expect(late.status.code == .deadlineExceeded)
      try await gate.cancelled.wait { $0.count == 2 }
    }
    #expect(
      journal.entries.filter { $0.contains("ended") } == [
        "outer ended CANCELLED", "outer ended DEADLINE_EXCEEDED",
      ]
    )
    #expect(!journal.entries.contains { $0.hasPrefix("inner") })
  }

  @Test("A call that is retried passes once, starts with each attempt, and ends once")
  func retries() async throws {
    let journal = Journal<String>()
    let attempts = Journal<Void>()
    let service = EchoService(began: { _ in
      attempts.append(())
      if attempts.entries.count < 3 { throw RPCError(code: .unavailable, message: "Not yet.") }
    })
    var configuration = RPCChannel.Configuration()
    let policy = RetryPolicy(
      maxAttempts: 3, initialBackoff: .milliseconds(1), maxBackoff: .milliseconds(1), backoffMultiplier: 1,
      retryableStatusCodes: [.unavailable])
    configuration.serviceConfig = ServiceConfig(methods: [.all: MethodConfig(retryPolicy: policy)])
    let interceptor = JournalingInterceptor(name: "one", journal: journal)
    try await withLoopback(service, channel: [interceptor], channelConfiguration: configuration) {
      channel, _ in
      try await channel.expect(.ok, of: EchoService.unary)
    }
    #expect(journal.entries.filter { $0.contains("intercepts") }.count == 1)
    #expect(journal.entries.filter { $0 == "one started" }.count == 3)
    #expect(journal.entries.filter { $0 == "one sent 2" }.count == 1)
    #expect(journal.entries.suffix(3) == ["one received head", "one received 2", "one ended OK"])
  }

  @Test("What an interceptor makes of a call's time holds")
  func timeout() async throws {
    let gate = Gate()
    gate.open()
    for interceptor in [
      TimeoutInterceptor(gate: nil, timeout: .milliseconds(50)),
      TimeoutInterceptor(gate: gate, timeout: .milliseconds(50)),
    ] {
      let service = EchoService(began: { _ in try await Task.sleep(for: .seconds(3600)) })
      try await withLoopback(service, channel: [interceptor]) { channel, _ in
        let status = try await channel.exchange(EchoService.unary).status
        #expect(status.code == .deadlineExceeded)
      }
    }
  }
}

private enum Caller { @TaskLocal static var name = "nobody" }

private struct RefusingInterceptor: ClientInterceptor {
  func intercept(_ call: inout ClientContext) throws -> sending ClientInterception {
    throw RPCError(code: .failedPrecondition, message: "Not now.")
  }
}

private struct PreparingInterceptor: ClientInterceptor {
  let gate: Gate

  func intercept(_ call: inout ClientContext) -> sending ClientInterception {
    ClientInterception(preparation: { call in
      try await gate.pass()
      call.options.metadata.add("token of \(Caller.name)", for: "token")
    })
  }
}

private struct TimeoutInterceptor: ClientInterceptor {
  let gate: Gate?
  let timeout: Duration

  func intercept(_ call: inout ClientContext) -> sending ClientInterception {
    guard let gate else {
      call.options.timeout = timeout
      return .pass
    }
    return ClientInterception(preparation: { [timeout] call in
      try await gate.pass()
      call.options.timeout = timeout
    })
  }
}
