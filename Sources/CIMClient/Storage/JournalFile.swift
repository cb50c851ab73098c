#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open file: the few system calls that a journal takes. The errors name what failed, and the path.
final class JournalFile: Sendable {
  let path: String
  private let descriptor: Int32

  /// Opens a file, and makes it if need be; only its owner can read it.
  init(_ path: String, flags: Int32) throws(ClientError) {
    self.path = path
    self.descriptor = try Self.check("open", path) { open(path, flags | O_CREAT | O_CLOEXEC, 0o600) }
  }

  deinit {
    // A child process that is just being started has the descriptor, too, and would keep the lock until it has begun.
    _ = flock(self.descriptor, LOCK_UN)
    _ = close(self.descriptor)
  }

  /// Takes the file for this process's use alone.
  ///
  /// - Returns: false when another has it. It is given back when the file is closed, at the latest by the process's end.
  func lock() throws(ClientError) -> Bool {
    while flock(self.descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { throw Self.error("lock", self.path) }
    }
    return true
  }

  /// All of it.
  func read() throws(ClientError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      var chunk = [UInt8](repeating: 0, count: 65536)
      let count = try Self.check("read", self.path) {
        chunk.withUnsafeMutableBytes { pread(self.descriptor, $0.baseAddress, $0.count, off_t(bytes.count)) }
      }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// Writes at the end of the file: in one call, unless the system takes only a part.
  func append(_ bytes: [UInt8]) throws(ClientError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try Self.check("write to", self.path) {
        rest.withUnsafeBytes { write(self.descriptor, $0.baseAddress, $0.count) }
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Cuts the file off.
  func truncate(to size: Int) throws(ClientError) {
    _ = try Self.check("shorten", self.path) { Int(ftruncate(self.descriptor, off_t(size))) }
  }

  /// Waits until the disk has what was written.
  func synchronize() throws(ClientError) {
    _ = try Self.check("synchronize", self.path) { Int(fdatasync(self.descriptor)) }
  }

  /// Gives a file another name, for good when it returns, and so takes the place of one that had it.
  static func rename(_ path: String, to name: String, in directory: String) throws(ClientError) {
    _ = try Self.check("rename", path) { renameFile(path, name) }
    let descriptor = try Self.check("open", directory) { open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    defer { _ = close(descriptor) }
    _ = try Self.check("synchronize", directory) { fsync(descriptor) }
  }

  /// Makes a directory that only its owner can look into, and those above it.
  static func makeDirectory(_ path: String) throws(ClientError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw Self.error("make the directory", path)
    }
    try Self.makeDirectory(String(path[..<slash]))
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw Self.error("make the directory", path) }
  }

  private static func check<Number: SignedInteger>(
    _ what: String, _ path: String, _ call: () -> Number
  ) throws(ClientError) -> Number {
    while true {
      let result = call()
      if result >= 0 { return result }
      if errno != EINTR { throw Self.error(what, path) }
    }
  }

  private static func error(_ what: String, _ path: String) -> ClientError {
    ClientError(.storage, "can't \(what) \(path): \(String(cString: strerror(errno)))")
  }
}

/// The system's `rename`, which the method of that name hides.
private func renameFile(_ path: String, _ name: String) -> Int32 { rename(path, name) }
