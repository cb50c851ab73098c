/// What a route was asked for over one link and has not answered, by the numbers that its answers name.
struct LinkRequests: Sendable {
  /// What is asked for.
  enum Request: Hashable, Sendable {
    /// That a session be written, or again the one with that epoch.
    case open(token: String, device: String, epoch: UInt64, for: SessionAddress)
    /// That a message be accepted, which its session knows under that number.
    case send(number: UInt64, from: SessionAddress)
    /// What a shard's sessions may have missed, which it knows under that number.
    case sync(batch: UInt64, from: Int)
  }

  private var open: [UInt64: Request] = [:]
  private var last: UInt64 = 0

  /// Adds a request.
  ///
  /// - Returns: the number that the route is to answer under: the first is 1, and none comes twice.
  mutating func add(_ request: Request) -> UInt64 {
    last += 1
    open[last] = request
    return last
  }

  /// Takes out the request that an answer names; nil when there is none, or no more.
  mutating func take(_ number: UInt64) -> Request? { open.removeValue(forKey: number) }

  /// Takes out all, in the order in which they were added: the link is down, and nothing more will be answered.
  mutating func takeAll() -> [Request] {
    let all = open.sorted { $0.key < $1.key }.map(\.value)
    open = [:]
    return all
  }
}
