/// How large a message is. gRPC's prefix of five bytes and HTTP/2's frames are not counted.
public struct MessageSize: Sendable, Hashable {
  /// As it travels, in bytes: compressed, when the call compresses.
  public var wireBytes: Int
  /// As it is encoded, in bytes, before any compression.
  public var messageBytes: Int

  public init(wireBytes: Int, messageBytes: Int) {
    self.wireBytes = wireBytes
    self.messageBytes = messageBytes
  }
}
