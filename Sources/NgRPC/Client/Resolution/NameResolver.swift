/// Tells a channel where its servers are.
///
/// For servers that come and go: found in a registry, such as ZooKeeper, or in the DNS under names that change. The host
/// names among the endpoints are looked up by the channel.
public protocol NameResolver: Sendable {
  /// The servers as they are known now, and again whenever they change: each element is the whole list.
  ///
  /// Asked for when a channel connects first. A sequence that ends has said what there is to know: it is asked for
  /// again when connections fail, but not more often than `minResolutionInterval`. One that goes on keeps the channel up to
  /// date by itself, and is let go of when the channel becomes idle or is shut down. One that throws is asked for again
  /// after a backoff; what it said before stands.
  ///
  /// An empty list makes calls fail as UNAVAILABLE.
  func endpoints() -> AsyncThrowingStream<[Endpoint], any Error>
}
