import NIOCore
import NgRPC
import Tracing

/// The span of one call, which ends with it.
final class CallSpan: ServerCallObserver, ClientCallObserver {
  private let span: any Span
  private let isServer: Bool
  private let tracesMessages: Bool
  private var received: Int64 = 0
  private var sent: Int64 = 0

  init(_ span: any Span, isServer: Bool, tracesMessages: Bool) {
    self.span = span
    self.isServer = isServer
    self.tracesMessages = tracesMessages
  }

  func started(on peer: SocketAddress?) { span.setPeer(peer) }

  func received(_ message: MessageSize) {
    guard tracesMessages else { return }
    received += 1
    addEvent("RECEIVED", received, message)
  }

  func sent(_ message: MessageSize) {
    guard tracesMessages else { return }
    sent += 1
    addEvent("SENT", sent, message)
  }

  private func addEvent(_ type: String, _ number: Int64, _ message: MessageSize) {
    span.addEvent(
      SpanEvent(
        name: "rpc.message",
        attributes: [
          "rpc.message.type": .string(type), "rpc.message.id": .int64(number),
          "rpc.message.compressed_size": .int64(Int64(message.wireBytes)),
          "rpc.message.uncompressed_size": .int64(Int64(message.messageBytes)),
        ]))
  }

  func ended(_ status: RPCError, after duration: Duration) {
    span.attributes["rpc.grpc.status_code"] = Int(status.code.rawValue)
    // What a client got wrong is no fault of the server's.
    if isServer ? status.code.isServerFault : status.code != .ok {
      span.setStatus(SpanStatus(code: .error, message: status.message))
      span.recordError(status)
    }
    span.end()
  }
}

extension Span {
  /// Notes where the other side is.
  func setPeer(_ peer: SocketAddress?) {
    guard let peer else { return }
    if let address = peer.ipAddress {
      attributes["network.peer.address"] = address
      attributes["network.peer.port"] = peer.port
    } else if let path = peer.pathname {
      attributes["network.peer.address"] = path
    }
  }
}
