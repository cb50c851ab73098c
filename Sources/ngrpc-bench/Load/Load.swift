import Logging
import NIOCore
import NIOPosix
import NgRPC
import NgRPCProtos

/// Connections to a server of `ngrpc.bench.v1.Bench`, and the streams that are open on them. Belongs to one event loop.
final class Load {
  /// As many connections are made at a time: a server's backlog is bounded.
  private static let connectingAtMost = 100

  private let eventLoop: any EventLoop
  private let channels: [RPCChannel]
  private var echoes: [EchoLane] = []

  init(
    to server: Endpoint, connections: Int, configuration: RPCChannel.Configuration, eventLoop: any EventLoop,
    logger: Logger
  ) {
    self.eventLoop = eventLoop
    channels = (0..<connections).map { _ in
      RPCChannel(to: [server], configuration: configuration, eventLoop: eventLoop, logger: logger)
    }
  }

  func run(_ phase: Phase) -> EventLoopFuture<Outcome> {
    let done = eventLoop.makePromise(of: Outcome.self)
    do {
      let message = try FramedMessage(
        NgrpcBenchV1.EchoRequest(payload: Array(repeating: 0x61, count: phase.bytes ?? 30)))
      let lanes = lanes(for: phase)
      if lanes.isEmpty {
        throw LoadError(phase.kind == .echo ? "no echo stream is open" : "there is no connection")
      }
      let connects = phase.kind == .connect || phase.kind == .open
      Run(phase, message: message, lanes: lanes, done: done)
        .begin(atMost: connects ? Self.connectingAtMost : .max)
    } catch {
      done.fail(error)
    }
    return done.futureResult
  }

  private func lanes(for phase: Phase) -> [any Lane] {
    switch phase.kind {
    case .connect: return channels.map(UnaryLane.init)
    case .open:
      let opened = onEachConnection(phase, EchoLane.init)
      echoes += opened
      return opened
    case .echo: return echoes
    case .unary: return onEachConnection(phase, UnaryLane.init)
    case .download: return onEachConnection(phase, DownloadLane.init)
    case .upload: return onEachConnection(phase, UploadLane.init)
    }
  }

  /// Connection by connection in turn, so that all of them begin.
  private func onEachConnection<L: Lane>(_ phase: Phase, _ make: (RPCChannel) -> L) -> [L] {
    (0..<(phase.streams ?? 1)).flatMap { _ in channels.map(make) }
  }
}
