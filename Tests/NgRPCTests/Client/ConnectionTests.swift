import NIOCore
@testable import NgRPC
import Synchronization
import TestSupport
import Testing

@Suite("A channel's connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
  @Test("A server on a Unix domain socket is called")
  func unixSocket() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/rpc.sock"
    let server = RPCServer(services: [EchoService()], logger: quiet)
    try await server.start(on: .unixDomainSocket(path))
    try await withChannel(to: [.unixDomainSocket(path)]) { channel in
      let answer = try await channel.echo()
      #expect(answer == "hi")
    }
    await server.shutdown(within: .zero)
    let error = try await withChannel(to: [.unixDomainSocket(path)]) { channel in
      try await channel.echoError()
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains(path) == true, "\(error?.message ?? "")")
  }

  @Test("Of a name's addresses those that are dead are passed by, whether they refuse or say nothing")
  func severalAddresses() async throws {
    let (server, endpoint) = try await named("alive")
    let silent = MuteServer(sendsSettings: false)
    let mute = try await silent.start()
    let dead = try freePort()
    try await withChannel(to: [Endpoint(host: "servers.test", port: 1)]) {
      $0.attemptDelay = .milliseconds(20)
      $0.lookUp = { host, _ in
        #expect(host == "servers.test")
        return try [dead, mute.port, endpoint.port].map {
          try SocketAddress(ipAddress: "127.0.0.1", port: $0)
        }
      }
    } _: { channel in
      let answer = try await channel.name()
      #expect(answer == "alive")
    }
    try await silent.stop()
    await server.shutdown(within: .zero)
  }

  @Test("localhost is looked up by the system")
  func systemResolver() async throws {
    let (server, endpoint) = try await named("local")
    try await withChannel(to: [Endpoint(host: "localhost", port: endpoint.port)]) { channel in
      let answer = try await channel.name()
      #expect(answer == "local")
    }
    await server.shutdown(within: .zero)
  }

  @Test("A name that can't be found fails calls with its reason, and is looked for again")
  func unknownName() async throws {
    let (server, endpoint) = try await named("late")
    let found = Flag()
    try await withChannel(to: [Endpoint(host: "nobody.test", port: 1)]) {
      $0.lookUp = { _, _ in
        guard found.isSet else { throw RPCError(code: .unavailable, message: "no such name") }
        return [try SocketAddress(ipAddress: "127.0.0.1", port: endpoint.port)]
      }
    } _: { channel in
      let error = try await rpcError { try await channel.name() }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("nobody.test:1") == true, "\(error?.message ?? "")")
      found.set()
      #expect(try await channel.name(options: CallOptions(waitForReady: true)) == "late")
    }
    await server.shutdown(within: .zero)
  }

  @Test("round_robin calls every server in turn, and goes on without one that has gone")
  func roundRobin() async throws {
    let servers = [try await named("a"), try await named("b"), try await named("c")]
    try await withChannel(to: servers.map(\.endpoint)) {
      $0.loadBalancing = .roundRobin
    } _: { channel in
      try await eventually("all are connected") {
        _ = try await channel.name()
        return servers.allSatisfy { $0.server.connectionCount == 1 }
      }
      // The last has connected; its SETTINGS may still be on their way.
      try await eventually("calls are spread evenly") {
        var counts: [String: Int] = [:]
        for _ in 0..<9 { counts[try await channel.name(), default: 0] += 1 }
        return counts == ["a": 3, "b": 3, "c": 3]
      }
      await servers[1].server.shutdown(within: .zero)
      for _ in 0..<20 { #expect(try await channel.name(options: CallOptions(waitForReady: true)) != "b") }
    }
    for (server, _) in servers { await server.shutdown(within: .zero) }
  }

  @Test("A resolver's changes are followed, whether it tells of them or is asked", arguments: [true, false])
  func resolver(goesOn: Bool) async throws {
    let (first, second) = (try await named("first"), try await named("second"))
    let resolver = TestResolver([first.endpoint], goesOn: goesOn)
    var configuration = RPCChannel.Configuration()
    configuration.minResolutionInterval = .milliseconds(10)
    configuration.backoff.initial = .milliseconds(10)
    let channel = RPCChannel(resolver: resolver, configuration: configuration, logger: quiet)
    try await ending(channel) { channel in
      #expect(try await channel.name() == "first")
      resolver.set([second.endpoint])
      // One that must be asked is asked when its server has gone.
      if !goesOn { await first.server.shutdown(within: .zero) }
      try await eventually("the other server answers") {
        // A call on a connection whose end the client has not seen yet is lost with it.
        (try? await channel.name(options: CallOptions(waitForReady: true))) == "second"
      }
      resolver.set([])
    }
    await first.server.shutdown(within: .zero)
    await second.server.shutdown(within: .zero)
  }

  @Test("Without calls the connection is let go, and made again for the next")
  func idle() async throws {
    try await withLoopback { _, server, endpoint in
      try await withChannel(to: [endpoint]) {
        $0.idleTimeout = .milliseconds(50)
      } _: { channel in
        #expect(try await channel.echo() == "hi")
        for await state in channel.states where state == .idle { break }
        try await eventually("the server has no connection") { server.connectionCount == 0 }
        #expect(try await channel.echo() == "hi")
        let call = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
        var responses = call.messages.makeAsyncIterator()
        // Calls that are open keep it, for longer than the timeout.
        try await Task.sleep(for: .milliseconds(150))
        try await call.send(ByteBuffer(string: "still"))
        #expect(try await responses.next() == ByteBuffer(string: "still"))
        call.cancel()
      }
    }
  }

  @Test("A server that answers no more is found by keepalive, and its calls end")
  func keepalive() async throws {
    let server = MuteServer()
    let endpoint = try await server.start()
    try await withChannel(to: [endpoint]) {
      var keepalive = RPCChannel.Configuration.Keepalive(interval: .milliseconds(50))
      keepalive.minInterval = .zero
      keepalive.timeout = .milliseconds(50)
      $0.keepalive = keepalive
    } _: { channel in
      let error = try await channel.echoError()
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("keepalive") == true, "\(error?.message ?? "")")
    }
    try await server.stop()
  }

  @Test("A server that answers keepalive pings keeps its connection")
  func keepaliveAnswered() async throws {
    try await withLoopback { _, server, endpoint in
      try await withChannel(to: [endpoint]) {
        var keepalive = RPCChannel.Configuration.Keepalive(interval: .milliseconds(200))
        keepalive.minInterval = .zero
        $0.keepalive = keepalive
      } _: { channel in
        let call = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
        var responses = call.messages.makeAsyncIterator()
        try await Task.sleep(for: .milliseconds(500))
        try await call.send(ByteBuffer(string: "here"))
        #expect(try await responses.next() == ByteBuffer(string: "here"))
        #expect(server.connectionCount == 1)
        call.cancel()
      }
    }
  }

  @Test("A server that finds itself pinged too often gets pinged half as often on the next connection")
  func tooManyPings() async throws {
    let server = ScriptedServer { request in
      request.number == 0
        ? .goAway(last: 0, .enhanceYourCalm, debugData: "too_many_pings") : .message(ByteBuffer(string: "ok"))
    }
    let endpoint = try await server.start()
    let log = RecordedLog()
    var configuration = RPCChannel.Configuration()
    configuration.keepalive = .init(interval: .seconds(15))
    let channel = RPCChannel(to: [endpoint], configuration: configuration, logger: log.logger)
    try await ending(channel) { channel in
      let answer = try await channel.echo()
      #expect(answer == "ok")
      let line = try await log.line(containing: "too many keepalive pings")
      #expect(line.contains("30"), "\(line)")
    }
    try await server.stop()
  }

  @Test("Shutting down while connecting ends at once, and with it the calls that wait")
  func shutdownWhileConnecting() async throws {
    let server = MuteServer(sendsSettings: false)
    let endpoint = try await server.start()
    let channel = RPCChannel(to: [endpoint], logger: quiet)
    async let call = rpcError { try await channel.echo(options: CallOptions(waitForReady: true)) }
    try await eventually("the attempt has begun") { server.acceptedCount == 1 }
    let start = ContinuousClock.now
    await channel.shutdown(within: .seconds(60))
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(try await call?.code == .unavailable)
    #expect(try await channel.echoError()?.code == .unavailable)
    await channel.shutdown(within: .zero)
    try await server.stop()
  }

  @Test("A server that accepts and says nothing is given up after the connect timeout")
  func connectTimeout() async throws {
    let server = MuteServer(sendsSettings: false)
    let endpoint = try await server.start()
    try await withChannel(to: [endpoint]) {
      $0.connectTimeout = .milliseconds(50)
    } _: { channel in
      let error = try await channel.echoError()
      #expect(error?.message.contains("no answer within 50 ms") == true, "\(error?.message ?? "")")
    }
    try await server.stop()
  }

  @Test("The states are those of gRPC, in order")
  func states() async throws {
    let dead = try freePort()
    try await withChannel(to: [Endpoint(host: "127.0.0.1", port: dead)]) { channel in
      var states = channel.states.makeAsyncIterator()
      #expect(await states.next() == .idle)
      channel.connect()
      #expect(await states.next() == .connecting)
      #expect(await states.next() == .transientFailure)
      let server = RPCServer(services: [EchoService()], logger: quiet)
      try await server.start(on: .hostAndPort("127.0.0.1", dead))
      // Further attempts are no news until one succeeds: A62.
      #expect(await states.next() == .ready)
      await server.shutdown(within: .zero)
      #expect(await states.next() == .idle)
      await channel.shutdown(within: .zero)
      #expect(await states.next() == .shutdown)
      #expect(await states.next() == nil)
    }
  }

  @Test("The authority can be set")
  func authority() async throws {
    let server = ScriptedServer { _ in .message(ByteBuffer(string: "ok")) }
    let endpoint = try await server.start()
    try await withChannel(to: [endpoint]) {
      $0.authority = "shop.example"
      $0.userAgent = "test/1"
    } _: { channel in
      let answer = try await channel.echo()
      #expect(answer == "ok")
    }
    #expect(server.requests.first?.metadata.string(for: "user-agent") == "test/1 ngrpc-swift")
    try await server.stop()
  }
}

private final class Flag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .sequentiallyConsistent) }
  func set() { value.store(true, ordering: .sequentiallyConsistent) }
}
