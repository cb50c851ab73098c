/// How a call ended, as gRPC numbers it.
///
/// The meanings are those of gRPC's "Status codes and their use in gRPC". Numbers outside 0 to 16 are kept as they came.
public struct StatusCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  public var rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let ok = StatusCode(rawValue: 0)
  public static let cancelled = StatusCode(rawValue: 1)
  public static let unknown = StatusCode(rawValue: 2)
  public static let invalidArgument = StatusCode(rawValue: 3)
  public static let deadlineExceeded = StatusCode(rawValue: 4)
  public static let notFound = StatusCode(rawValue: 5)
  public static let alreadyExists = StatusCode(rawValue: 6)
  public static let permissionDenied = StatusCode(rawValue: 7)
  public static let resourceExhausted = StatusCode(rawValue: 8)
  public static let failedPrecondition = StatusCode(rawValue: 9)
  public static let aborted = StatusCode(rawValue: 10)
  public static let outOfRange = StatusCode(rawValue: 11)
  public static let unimplemented = StatusCode(rawValue: 12)
  public static let internalError = StatusCode(rawValue: 13)
  public static let unavailable = StatusCode(rawValue: 14)
  public static let dataLoss = StatusCode(rawValue: 15)
  public static let unauthenticated = StatusCode(rawValue: 16)

  private static let names = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]

  /// The name as the specification writes it, such as `NOT_FOUND`.
  public var description: String {
    Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "STATUS_\(rawValue)"
  }
}

extension StatusCode {
  /// What a client reports for a response that ended without a `grpc-status`.
  ///
  /// From gRPC's "HTTP to gRPC Status Code Mapping".
  init(httpStatus: Int) {
    switch httpStatus {
    case 400, 431: self = .internalError
    case 401: self = .unauthenticated
    case 403: self = .permissionDenied
    case 404: self = .unimplemented
    case 429, 502, 503, 504: self = .unavailable
    default: self = .unknown
    }
  }

  /// What a client reports for a stream that was reset.
  ///
  /// From "gRPC over HTTP2", section "Errors".
  init(reset code: HTTP2ErrorCode) {
    switch code {
    case .refusedStream: self = .unavailable
    case .cancel: self = .cancelled
    case .enhanceYourCalm: self = .resourceExhausted
    case .inadequateSecurity: self = .permissionDenied
    default: self = .internalError
    }
  }
}
