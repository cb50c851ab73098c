import Synchronization

extension ServerCall {
  /// What the response's messages are compressed with. Usable from any thread.
  var chosenCompression: CompressionAlgorithm {
    CompressionAlgorithm(rawValue: wantedCompression.load(ordering: .relaxed))
  }

  /// Usable from any thread.
  func setCompression(_ algorithm: CompressionAlgorithm) {
    let accepted = acceptedEncodings.contains(algorithm) ? algorithm : .identity
    wantedCompression.store(accepted.rawValue, ordering: .relaxed)
  }

  /// Sends the only message of a response; a large one is compressed away from the event loop.
  ///
  /// - Throws: CANCELLED when the call has ended; what the message's encoding throws.
  @inline(__always)
  func respond(_ message: some RPCMessage) async throws {
    guard chosenCompression != .identity else { return try send(message, compress: false) }
    try send(framed: await FramedMessage.encoding(message, compression: chosenCompression))
  }
}
