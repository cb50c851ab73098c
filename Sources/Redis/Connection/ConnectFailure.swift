import NIOCore
import NIOPosix

/// Says in words why no connection could be made.
enum ConnectFailure {
  /// The reason, without NIO's nesting of one error per resolved address.
  static func describe(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first { return describe(first.error) }
      if error.dnsAError != nil || error.dnsAAAAError != nil {
        return "the name \"\(error.host)\" could not be resolved"
      }
      return "no address of \"\(error.host)\" answered"
    case let error as IOError: return "\(error)"
    case ChannelError.connectTimeout(let timeout):
      return "no answer within \(timeout.nanoseconds / 1_000_000) ms"
    default: return "\(error)"
    }
  }
}
