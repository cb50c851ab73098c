import NgRPC
import NgRPCProtos
import NgRPCStatusDetails
import Synchronization

/// Limits how many calls a server handles at a time: for each peer, and in total.
///
/// ```swift
/// RPCServer(services: services, interceptors: [ConcurrencyLimitInterceptor(perPeer: 100)], logger: logger)
/// ```
///
/// A call over the limit ends with RESOURCE_EXHAUSTED before its handler is made, and the message and a ``RetryInfo`` say when to try again. A
/// call counts until it ends, however it does. A peer is an IP address (of IPv6 a /64), whatever its ports and
/// connections; only peers that have calls take memory. Use one instance for several servers to count them together.
public final class ConcurrencyLimitInterceptor: ServerInterceptor {
  private let counts: CallCounts
  private let refusals: (perPeer: RPCError, total: RPCError)

  /// - Parameters:
  ///   - perPeer: calls of one peer that may be handled at a time; nil for any number.
  ///   - total: calls of all peers together; nil for any number.
  ///   - retryDelay: what a refused client is told to wait. 1 s by default.
  public init(perPeer: Int?, total: Int? = nil, retryDelay: Duration = .seconds(1)) {
    precondition(perPeer ?? 1 > 0 && total ?? 1 > 0, "a limit of calls is at least 1")
    counts = CallCounts(perPeer: perPeer ?? .max, total: total ?? .max)
    refusals = (
      Self.refusal("\(perPeer ?? 0) calls from your address", retryDelay),
      Self.refusal("\(total ?? 0) calls", retryDelay)
    )
  }

  /// How many calls are handled now.
  public var inFlight: Int { counts.total }

  public func intercept(_ call: inout ServerContext) throws -> ServerInterception {
    let peer = PeerAddress(call.peer)
    switch counts.add(peer) {
    case nil: break
    case .peer: throw refusals.perPeer
    case .total: throw refusals.total
    }
    return ServerInterception(observer: Release(peer: peer, counts: counts))
  }

  private static func refusal(_ what: String, _ retryDelay: Duration) -> RPCError {
    let message = "The server handles at most \(what) at a time; try again in \(retryDelay)."
    let (seconds, attoseconds) = retryDelay.components
    let detail = RetryInfo(
      retryDelay: .init(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000)))
    do {
      return try RPCError(code: .resourceExhausted, message: message, details: [detail])
    } catch {
      preconditionFailure("two numbers can't fail to be encoded: \(error)")
    }
  }

  private final class Release: ServerCallObserver {
    private let peer: PeerAddress
    private let counts: CallCounts

    init(peer: PeerAddress, counts: CallCounts) {
      self.peer = peer
      self.counts = counts
    }

    func ended(_ status: RPCError, after duration: Duration) { counts.remove(peer) }
  }
}
