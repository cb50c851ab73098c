/// Whether a channel has a connection: gRPC's "Connectivity Semantics and API".
public enum ConnectivityState: Sendable, Hashable {
  /// None, and none is wanted: the next call makes one.
  case idle
  /// One is being made.
  case connecting
  /// There is one.
  case ready
  /// The last attempt failed; the next follows after a while.
  case transientFailure
  /// The channel was shut down.
  case shutdown
}
