import Glibc

/// The machine's monotonic clock: it is the same in all processes, and nobody sets it.
public enum MonotonicClock {
  /// Now, in milliseconds.
  public static var milliseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
  }
}
