/// Decides when received bytes are given back to the sender as window.
///
/// A message's bytes are held until its reader takes it, so that a slow reader stops the sender. The bytes of an
/// incomplete message are given back as they come, as long as no whole message waits before it: else one larger than the
/// window would never be complete.
struct InboundFlow {
  /// Bytes of the incomplete message that were given back.
  private var early = 0

  /// A message is complete.
  ///
  /// - Parameter wireSize: its size with the prefix.
  /// - Returns: how many bytes to give back when it is taken.
  mutating func completed(wireSize: Int) -> Int {
    defer { early = 0 }
    return wireSize - early
  }

  /// The reader has taken all whole messages, and `partialBytes` of the next have come.
  ///
  /// - Returns: how many bytes to give back now.
  mutating func waiting(partialBytes: Int) -> Int {
    defer { early = partialBytes }
    return partialBytes - early
  }
}
