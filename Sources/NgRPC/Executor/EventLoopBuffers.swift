import NIOCore

/// Memory that the connections of an event loop use one after another, so that an idle one holds none of it.
///
/// Belongs to its event loop.
///
/// `@exclusivity(unchecked)`: all of it is touched on one event loop, and no access spans a call of other code; the checks would
/// take a tenth of what a message takes.
final class EventLoopBuffers {
  /// What one read takes at most, in bytes.
  static let readSize = 64 * 1024
  /// The largest output buffer that is kept, in bytes.
  private static let keptOutputSize = 256 * 1024

  /// How many small buffers are kept, and how large one may be, in bytes.
  private static let keptSmall = (count: 64, size: 4096)

  /// For how many events memory is kept.
  static let keptEvents = 4096

  /// Where nghttp2 lays out the frames of server sessions.
  let frameBuffer = SharedFrameBuffer()
  /// What a session notes of a read; empty.
  @exclusivity(unchecked) var events: [NgHTTP2Session.Event] = []
  @exclusivity(unchecked) private var output = ByteBuffer()
  @exclusivity(unchecked) private var read = ByteBuffer()
  @exclusivity(unchecked) private var small: [ByteBuffer] = []

  /// An empty buffer for messages that wait a moment.
  func takeSmall() -> ByteBuffer { small.popLast() ?? ByteBufferAllocator().buffer(capacity: 256) }

  /// Keeps the memory of `buffer` for other streams, unless it is large, in use elsewhere, or there is enough.
  func giveBack(small buffer: consuming ByteBuffer) {
    guard small.count < Self.keptSmall.count, (1...Self.keptSmall.size).contains(buffer.storageCapacity)
    else {
      return
    }
    // What others hold, too, is theirs.
    guard buffer.modifyIfUniquelyOwned({ $0.clear() }) != nil else { return }
    small.append(buffer)
  }

  /// An empty buffer for one connection's output.
  func takeOutput() -> ByteBuffer {
    var buffer = ByteBuffer()
    swap(&buffer, &output)
    // Memory that an unfinished write still holds is left to it.
    buffer.clear(minimumCapacity: 4096)
    return buffer
  }

  /// Keeps the memory of `buffer` for the next output, unless it is large.
  func giveBack(output buffer: ByteBuffer) {
    if buffer.storageCapacity <= Self.keptOutputSize { output = buffer }
  }

  /// A buffer for one read.
  func takeRead(_ allocator: ByteBufferAllocator) -> ByteBuffer {
    var buffer = ByteBuffer()
    swap(&buffer, &read)
    guard buffer.storageCapacity == Self.readSize else { return allocator.buffer(capacity: Self.readSize) }
    // Memory that a handler still holds is left to it.
    buffer.clear()
    return buffer
  }

  /// Keeps the memory of `buffer` for the next read when it came from ``takeRead(_:)``.
  func giveBack(read buffer: ByteBuffer) {
    if buffer.storageCapacity == Self.readSize { read = buffer }
  }
}

/// Has a channel read into its event loop's buffer.
///
/// NIO keeps the first buffer of each channel for good, whatever its size, and asks for a new one for each read as long as it is told that
/// the next may be larger. So the first is tiny, and the others go back to the loop when they were looked at.
///
/// For channels with `maxMessagesPerRead` 1: NIO would keep as many buffers.
struct EventLoopReadAllocator: RecvByteBufferAllocator {
  private static let firstSize = 16
  /// What one read takes behind TLS, in bytes: one record. Its handler keeps twice the largest read that it has seen.
  private static let secureSize = 16 * 1024

  let executor: EventLoopExecutor
  let isSecure: Bool
  private var hasRead = false

  init(_ executor: EventLoopExecutor, isSecure: Bool) {
    self.executor = executor
    self.isSecure = isSecure
  }

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    guard hasRead else { return allocator.buffer(capacity: Self.firstSize) }
    // What was read behind TLS does not come back: the session gets what was decrypted.
    return isSecure ? allocator.buffer(capacity: Self.secureSize) : executor.buffers.takeRead(allocator)
  }

  mutating func record(actualReadBytes: Int) -> Bool {
    hasRead = true
    return true
  }
}
