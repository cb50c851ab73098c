/// Where a call stands at the server: what may be sent, and as which frames.
///
/// Response headers wait for the first message, so that a call that fails before it is answered with one block.
struct ServerStreamState {
  private enum Response { case idle, headersSent, ended }
  private enum Request { case open, ended }

  private var response = Response.idle
  private var request = Request.open
  private var messages = 0
  private let kind: MethodDescriptor.Kind

  init(kind: MethodDescriptor.Kind) { self.kind = kind }

  /// Whether the response's head is still to be sent.
  var needsHead: Bool { response == .idle }

  /// What sending a message takes.
  enum Send { case headersAndMessage, message, drop }

  mutating func send() -> Send {
    switch response {
    case .idle:
      response = .headersSent
      return .headersAndMessage
    case .headersSent: return .message
    case .ended: return .drop
    }
  }

  /// What ending the call takes.
  enum Finish { case trailersOnly, trailers, drop }

  mutating func finish() -> Finish {
    defer { response = .ended }
    switch response {
    case .idle: return .trailersOnly
    case .headersSent: return .trailers
    case .ended: return .drop
    }
  }

  /// A request message has come.
  ///
  /// - Returns: whether it is handed on: after the call's end none is.
  /// - Throws: INTERNAL for a second message where the method takes one.
  mutating func receiveMessage() throws(RPCError) -> Bool {
    guard response != .ended else { return false }
    messages += 1
    if messages > 1, kind == .unary || kind == .serverStreaming {
      throw RPCError(
        code: .internalError, message: "The method takes one request message; a second one came.")
    }
    return true
  }

  /// The client has ended its side.
  ///
  /// - Returns: whether it is handed on.
  /// - Throws: INTERNAL when there was no message where the method takes one.
  mutating func receiveEnd() throws(RPCError) -> Bool {
    guard request == .open else { return false }
    request = .ended
    guard response != .ended else { return false }
    if messages == 0, kind == .unary || kind == .serverStreaming {
      throw RPCError(code: .internalError, message: "The method takes one request message; none came.")
    }
    return true
  }

  /// The stream is gone.
  ///
  /// - Returns: whether the call was cut short: its response had not ended.
  mutating func close() -> Bool {
    defer { response = .ended }
    return response != .ended
  }

  var hasEnded: Bool { response == .ended }
}
