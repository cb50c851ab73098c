#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What this process takes of its machine.
public struct ProcessUsage: Sendable, Hashable {
  /// Its time on a processor since it was started, of all its threads, in milliseconds.
  public let cpuMilliseconds: UInt64
  /// Its memory that is resident, in bytes; 0 where that can't be known.
  public let residentBytes: UInt64

  /// As it is now.
  public static func now() -> Self {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Self(
      cpuMilliseconds: UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000,
      residentBytes: residentPages() * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))))
  }

  /// The second number of /proc/self/statm: proc(5).
  private static func residentPages() -> UInt64 {
    let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 0 }
    defer { close(file) }
    let text = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { buffer in
      String(decoding: buffer.prefix(max(0, read(file, buffer.baseAddress, buffer.count))), as: UTF8.self)
    }
    let numbers = text.split(separator: " ")
    return numbers.count > 1 ? UInt64(numbers[1]) ?? 0 : 0
  }
}
