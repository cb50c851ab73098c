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
  /// The event loop of the call's connection. Handlers run on it.
  public var eventLoop: any EventLoop { call.eventLoop }

  private let metadataCopy: Metadata

  /// On the event loop.
  init(_ call: ServerCall) {
    self.call = call
    metadataCopy = call.request.metadata
    peer = call.peer
  }

  /// Sends `metadata` with the response's head. Of use before the first message only.
  public func setInitialMetadata(_ metadata: Metadata) {
    call.onEventLoop { $0.setInitialMetadata(metadata) }
  }

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
