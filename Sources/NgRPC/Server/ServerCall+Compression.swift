extension ServerCall {
  /// Sends the only message of a response; a large one is compressed away from the event loop.
  ///
  /// - Throws: CANCELLED when the call has ended; what the message's encoding throws.
  @inline(__always)
  func respond(_ message: some RPCMessage) async throws {
    guard chosenCompression != .identity else { return try send(message, compress: false) }
    try send(framed: await FramedMessage.encoding(message, compression: chosenCompression))
  }
}
