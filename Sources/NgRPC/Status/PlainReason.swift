import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#endif

/// Why a connection could not be used: a socket in the words of the system ("Connection refused"), TLS in ours.
func plainReason(_ error: any Error) -> String {
  switch error {
  case let error as IOError:
    return String(cString: strerror(error.errnoCode))
  case let error as NIOConnectionError:
    // Of several addresses that failed, the one tried last.
    if let failure = error.connectionErrors.last { return plainReason(failure.error) }
    if let failure = error.dnsAError ?? error.dnsAAAAError { return plainReason(failure) }
    return "the name has no address"
  case let error as SocketAddressError.UnknownHost:
    return "the name \(error.host) can't be resolved"
  case ChannelError.connectTimeout(let limit):
    return "no answer within \(limit.nanoseconds / 1_000_000) ms"
  case let error where error.isOfTLS:
    return TLSFailure(error).description
  default:
    return "\(error)"
  }
}
