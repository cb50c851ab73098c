/// Where a call stands at the client: what the server's frames mean. Pure.
struct ClientResponseState {
  private enum State { case waiting, streaming, ended }

  private var state = State.waiting
  private var messages = 0
  private let kind: MethodDescriptor.Kind

  init(kind: MethodDescriptor.Kind) { self.kind = kind }

  /// What a block of headers means.
  enum Headers {
    /// Nothing, yet.
    case ignore
    /// The response begins.
    case initial(Metadata)
    /// The call has ended; OK when the code says so.
    case end(RPCError)
    /// The server broke the protocol: reset the stream.
    case violation(RPCError)
  }

  mutating func receive(_ headers: HeaderBlock, endStream: Bool) -> Headers {
    switch state {
    case .ended: return .ignore
    case .streaming:
      guard endStream else {
        state = .ended
        return .violation(
          RPCError(code: .internalError, message: "The server sent headers in the midst of its response."))
      }
      return end(headers)
    case .waiting:
      if let status = headers.status, (100..<200).contains(status), !endStream { return .ignore }
      if endStream { return end(headers) }
      guard headers.status == 200, headers.isGRPC else {
        state = .ended
        return .violation(Self.notGRPC(headers))
      }
      if let encoding = headers.unsupportedEncoding {
        state = .ended
        return .violation(
          RPCError(
            code: .internalError,
            message: "The server compresses with \"\(encoding)\", which was not offered."))
      }
      state = .streaming
      return .initial(headers.metadata)
    }
  }

  private mutating func end(_ headers: HeaderBlock) -> Headers {
    let wasWaiting = state == .waiting
    state = .ended
    guard var code = headers.grpcStatus else {
      if wasWaiting { return .end(Self.notGRPC(headers)) }
      return .end(RPCError(code: .unknown, message: "The server sent no status.", metadata: headers.metadata))
    }
    var message = headers.grpcMessage ?? ""
    if code == .ok, messages == 0, kind == .unary || kind == .clientStreaming {
      code = .internalError
      message = "The server sent no response message."
    }
    return .end(RPCError(code: code, message: message, metadata: headers.metadata))
  }

  private static func notGRPC(_ headers: HeaderBlock) -> RPCError {
    let status = headers.status ?? 0
    guard status == 200 else {
      return RPCError(
        code: StatusCode(httpStatus: status), message: "The server answered with the HTTP status \(status).")
    }
    return RPCError(
      code: .unknown,
      message: "The server answered with the content-type \"\(headers.contentType ?? "")\"; it is no gRPC.")
  }

  /// A message has come.
  ///
  /// - Returns: whether it is handed on.
  /// - Throws: INTERNAL for one before the headers, and for a second one where the method has one.
  mutating func receiveMessage() throws(RPCError) -> Bool {
    switch state {
    case .ended: return false
    case .waiting:
      throw RPCError(code: .internalError, message: "The server sent a message before its headers.")
    case .streaming:
      messages += 1
      if messages > 1, kind == .unary || kind == .clientStreaming {
        throw RPCError(
          code: .internalError, message: "The method has one response message; a second one came.")
      }
      return true
    }
  }

  /// The call ends here, whatever the server says later.
  ///
  /// - Returns: false when it had ended.
  mutating func end() -> Bool {
    defer { state = .ended }
    return state != .ended
  }
}
