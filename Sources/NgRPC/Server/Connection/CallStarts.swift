/// How many calls of a connection may begin before it is seen what they answer. Pure.
///
/// A client can ask for a lot in few bytes: thousands of requests fit into one read, and all would be answered before the
/// first byte has left. So a few begin at first, and twice as many after each flush that left no backlog.
struct CallStarts {
  private static let range = UInt16(16)...128

  private var allowance = Self.range.lowerBound
  private var taken: UInt16 = 0
  private var flush: UInt32 = 0

  /// - Parameters:
  ///   - flushCount: how often the connection's output was flushed so far.
  ///   - isOverfull: whether more waits for the client than is wanted.
  /// - Returns: false when the call has to wait for the next flush, or for less to wait.
  mutating func take(afterFlush flushCount: UInt32, isOverfull: Bool) -> Bool {
    if isOverfull {
      allowance = Self.range.lowerBound
      return false
    }
    if flush != flushCount {
      flush = flushCount
      taken = 0
      allowance = min(2 * allowance, Self.range.upperBound)
    }
    guard taken < allowance else { return false }
    taken += 1
    return true
  }
}
