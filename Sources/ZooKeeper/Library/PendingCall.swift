/// A call whose answer has not come yet.
protocol PendingCall: AnyObject, Sendable {
  /// Ends the call with an error.
  func fail(_ code: ZooKeeperError.Code)
}

/// The answer of a call that answers nothing but its end.
struct Done: Sendable {}

/// A pending call that is answered with a value.
///
/// The library is given its address, not a share in it: the session's table owns it, and whoever takes it out of there
/// ends it. So it ends once, also when the library is closed without answering.
final class TypedCall<Value: Sendable>: PendingCall {
  typealias Answer = Result<Value, ZooKeeperError>

  private let operation: String
  private let path: String
  private let kept: (any AnyObject & Sendable)?
  private let continuation: CheckedContinuation<Answer, Never>

  /// The table that it stands in.
  let table: CallTable

  /// - Parameter kept: what has to live as long as the call.
  init(
    operation: String, path: String, table: CallTable, keeping kept: (any AnyObject & Sendable)? = nil,
    continuation: CheckedContinuation<Answer, Never>
  ) {
    self.operation = operation
    self.path = path
    self.table = table
    self.kept = kept
    self.continuation = continuation
  }

  func fail(_ code: ZooKeeperError.Code) {
    self.continuation.resume(
      returning: .failure(ZooKeeperError(code, operation: self.operation, path: self.path)))
  }

  func succeed(_ value: Value) {
    self.continuation.resume(returning: .success(value))
  }
}
