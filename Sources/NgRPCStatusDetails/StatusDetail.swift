public import NgRPC
public import NgRPCProtos

/// A message that can be among the details of an error.
///
/// Those of `google.rpc` are: see "Richer error model" of gRPC and AIP-193. A message of your own becomes one by saying its name.
public protocol StatusDetail: RPCMessage {
  /// The full name of the message, such as `google.rpc.RetryInfo`.
  static var fullName: String { get }
}

/// When to try again.
public typealias RetryInfo = GoogleRpc.RetryInfo
/// Why it failed, in a form that programs can tell apart.
public typealias ErrorInfo = GoogleRpc.ErrorInfo
/// What is wrong in the request.
public typealias BadRequest = GoogleRpc.BadRequest
/// Which quotas were exceeded.
public typealias QuotaFailure = GoogleRpc.QuotaFailure
/// Which preconditions do not hold.
public typealias PreconditionFailure = GoogleRpc.PreconditionFailure
/// Where it failed, for those who debug.
public typealias DebugInfo = GoogleRpc.DebugInfo
/// Which request it was, for those who ask about it later.
public typealias RequestInfo = GoogleRpc.RequestInfo
/// Which resource it is about.
public typealias ResourceInfo = GoogleRpc.ResourceInfo
/// Where to read more.
public typealias Help = GoogleRpc.Help
/// A message for users.
public typealias LocalizedMessage = GoogleRpc.LocalizedMessage

extension GoogleRpc.RetryInfo: StatusDetail { public static let fullName = "google.rpc.RetryInfo" }
extension GoogleRpc.ErrorInfo: StatusDetail { public static let fullName = "google.rpc.ErrorInfo" }
extension GoogleRpc.BadRequest: StatusDetail { public static let fullName = "google.rpc.BadRequest" }
extension GoogleRpc.QuotaFailure: StatusDetail { public static let fullName = "google.rpc.QuotaFailure" }
extension GoogleRpc.PreconditionFailure: StatusDetail {
  public static let fullName = "google.rpc.PreconditionFailure"
}
extension GoogleRpc.DebugInfo: StatusDetail { public static let fullName = "google.rpc.DebugInfo" }
extension GoogleRpc.RequestInfo: StatusDetail { public static let fullName = "google.rpc.RequestInfo" }
extension GoogleRpc.ResourceInfo: StatusDetail { public static let fullName = "google.rpc.ResourceInfo" }
extension GoogleRpc.Help: StatusDetail { public static let fullName = "google.rpc.Help" }
extension GoogleRpc.LocalizedMessage: StatusDetail {
  public static let fullName = "google.rpc.LocalizedMessage"
}

extension GoogleRpc.RetryInfo {
  /// - Parameter delay: how long to wait at least; held to the 10,000 years that a `google.protobuf.Duration` can say.
  public init(after delay: Duration) {
    let limit = Int64(315_576_000_000)
    let (seconds, attoseconds) = delay.components
    let isWithin = (-limit...limit).contains(seconds)
    self.init(
      retryDelay: GoogleProtobuf.Duration(
        seconds: min(max(seconds, -limit), limit),
        nanos: isWithin ? Int32(attoseconds / 1_000_000_000) : 0))
  }

  /// How long to wait at least; nil when it does not say.
  public var delay: Duration? {
    retryDelay.map { .seconds($0.seconds) + .nanoseconds(Int64($0.nanos)) }
  }
}
