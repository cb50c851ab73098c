import Foundation

/// A file that is only ever appended to, each time in one write, so that several writers never mix their lines. It is for its
/// owner alone.
struct AppendedFile: ~Copyable {
  private let path: String
  private let descriptor: Int32

  /// Opens a file; makes it and its directory if need be.
  init(_ path: String) throws(FileFailure) {
    let descriptor = try Self.open(path)
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(self.descriptor) }

  private static func open(_ path: String) throws(FileFailure) -> Int32 {
    do {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw FileFailure(path: path, reason: error.localizedDescription)
    }
    let descriptor = Foundation.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure(path: path) }
    return descriptor
  }

  /// Appends a text.
  func append(_ text: String) throws(FileFailure) {
    let bytes = Array(text.utf8)
    var count: Int
    repeat { count = write(self.descriptor, bytes, bytes.count) } while count < 0 && errno == EINTR
    guard count == bytes.count else {
      // A part of it may have been written: the disk is full.
      throw count < 0 ? FileFailure(path: self.path) : FileFailure(path: self.path, reason: "no room is left")
    }
  }
}

/// A file can't be used.
struct FileFailure: Error, Hashable, CustomStringConvertible {
  let path: String
  let reason: String

  init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// Because of what the system said last.
  init(path: String) {
    self.init(path: path, reason: String(cString: strerror(errno)))
  }

  var description: String { "\(self.path): \(self.reason)" }
}
