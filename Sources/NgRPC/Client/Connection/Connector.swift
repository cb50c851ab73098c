import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Makes connections: the one place that opens a socket for a client.
struct Connector {
  let configuration: RPCChannel.Configuration
  let eventLoop: any EventLoop
  private let certificates: TLSContextSource?

  init(configuration: RPCChannel.Configuration, eventLoop: any EventLoop, logger: Logger) {
    self.configuration = configuration
    self.eventLoop = eventLoop
    certificates = configuration.tls.map { TLSContextSource($0.settings, logger: logger) }
  }

  func makeConnection(
    to address: ServerAddress, keepalive: ClientKeepalive?, owner: any ClientConnection.Owner
  ) -> ClientConnection {
    ClientConnection(
      to: address, scheme: certificates == nil ? "http" : "https", limits: configuration.limits,
      keepalive: keepalive, eventLoop: eventLoop,
      owner: owner)
  }

  /// Begins to connect. The connection's owner is told what becomes of it; ``ClientConnection/close(_:)`` ends the attempt.
  func open(_ connection: ClientConnection) {
    guard let certificates else { return open(connection, tls: nil) }
    certificates.forNewConnection(on: eventLoop).assumeIsolated().whenComplete { result in
      switch result {
      case .failure(let error): connection.connectFailed(error)
      case .success(let tls): open(connection, tls: tls)
      }
    }
  }

  private func open(_ connection: ClientConnection, tls: NIOSSLContext?) {
    let bound = NIOLoopBound(connection, eventLoop: eventLoop)
    let host = configuration.tls?.serverName ?? connection.address.host
    var bootstrap = ClientBootstrap(group: eventLoop)
      // The attempt's own timer covers the handshakes, too, and ends it first.
      .connectTimeout(configuration.connectTimeout + .seconds(1))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            try channel.pipeline.syncOperations.addClientTLS(tls, host: host)
          } else {
            try channel.pipeline.syncOperations.addHandler(PlaintextReply())
          }
          try bound.value.add(to: channel)
        }
      }
    if let timeout = connection.userTimeout {
      bootstrap = bootstrap.channelOption(.tcpUserTimeout, value: timeout)
    }
    bootstrap.connect(to: connection.address.socket).hop(to: eventLoop).assumeIsolated().whenFailure {
      bound.value.connectFailed($0)
    }
  }
}

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
  /// How long sent bytes may go unacknowledged, in milliseconds: TCP_USER_TIMEOUT of Linux, asked for by A18.
  fileprivate static var tcpUserTimeout: Self {
    .init(level: .tcp, name: NIOBSDSocket.Option(rawValue: 18))
  }
}
