import NIOCore

/// What a handler knows of the call it handles.
///
/// A call that is cancelled by its client, whose deadline passes or whose connection breaks cancels the handler's task.
public struct ServerContext: Sendable {
  let call: ServerCall

  /// The method that was called.
  public var method: MethodDescriptor { call.method }
  /// What the client sent along; gRPC's own headers are not in it.
  public var metadata: Metadata { metadataCopy }
  /// When the call is given up; nil when the client set no deadline.
  public var deadline: NIODeadline? { call.deadline }
  /// The other end of the connection; nil when it has gone.
  public let peer: SocketAddress?
  /// The full names of the services that the server serves, in alphabetical order.
  public var servedServices: [String] { call.servedServices }
  /// The certificate that the client has shown and that was verified; nil when none was asked for or shown. See ``ServerTLS``.
  public var peerCertificate: PeerCertificate? { call.peerCertificate }
  /// The event loop of the call's connection. Handlers run on it.
  public var eventLoop: any EventLoop { call.eventLoop }

  /// False for a method that the server does not have: interceptors see such calls, handlers don't.
  public var isRegistered: Bool { call.interception?.isRegistered ?? true }

  private let metadataCopy: Metadata
  private(set) var values: ContextValues

  /// What the server's interceptors have left under `key`. What is set is seen through this context and its copies.
  public subscript<Key: ContextKey>(key: Key.Type) -> Key.Value? {
    get { values[key] }
    set { values[key] = newValue }
  }

  /// On the event loop.
  init(_ call: ServerCall) {
    self.call = call
    metadataCopy = call.requestMetadata
    peer = call.peer
    values = call.interception?.values ?? ContextValues()
  }

  /// Sends `metadata` with the response's head. Of use before the first message only.
  public func setInitialMetadata(_ metadata: Metadata) {
    call.onEventLoop { $0.setInitialMetadata(metadata) }
  }

  /// Compresses the response's messages with `algorithm`, if the client takes it; else they are sent as they are.
  ///
  /// Of use before the first message only. Messages can be left out one by one, as in
  /// ``ResponseWriter/send(_:compress:)``; a message that would not become smaller is.
  public func setCompression(_ algorithm: CompressionAlgorithm) { call.setCompression(algorithm) }

  /// How many of the request's messages that the handler has taken came compressed. On the event loop only.
  package var compressedRequestCount: Int { call.compressedRequestCount }

  /// Sends `metadata` with the status.
  public func setTrailingMetadata(_ metadata: Metadata) {
    call.onEventLoop { $0.setTrailingMetadata(metadata) }
  }
}

extension ServerCall {
  /// Runs `body` on the event loop: at once if this is it, else after what was handed there before.
  func onEventLoop(_ body: @escaping @Sendable (ServerCall) -> Void) {
    if eventLoop.inEventLoop {
      body(self)
    } else {
      eventLoop.execute { body(self) }
    }
  }
}
