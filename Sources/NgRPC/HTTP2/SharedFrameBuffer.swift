import CNghttp2

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// The memory in which nghttp2 lays out one frame before it is sent: one piece for all server sessions of an event loop, where
/// each would have 16 KiB of its own.
///
/// Sound as long as nothing is left in it when another session is touched. So it is:
/// - ``NgHTTP2Session/produceOutput(limit:)`` copies each piece that nghttp2 has laid out before it asks for the next, and nghttp2 hands
///   out all that it has laid out at once;
/// - the bytes of DATA frames do not pass through it (`NO_COPY`), and their callback never asks nghttp2 to come back later;
/// - only the first such allocation of a session is this one: a block of headers over 16 KiB takes further ones, which are its own;
/// - a client's session lays out its preface when it is made, so it has its own.
final class SharedFrameBuffer {
  /// `NGHTTP2_FRAMEBUF_CHUNKLEN`: the largest frame of 16,384 bytes, its header, and the length of its padding. If another version of
  /// nghttp2 asks for another size, nothing is shared.
  private static let size = 16_384 + 9 + 1

  private let memory: UnsafeMutableRawPointer
  /// A session is being made, and has not asked for it yet.
  private var isOffered = false

  init() { memory = .allocate(byteCount: Self.size, alignment: 16) }

  deinit { memory.deallocate() }

  /// Makes a session that uses this memory; it must not outlive this object.
  func offer(while makeSession: (UnsafeMutablePointer<nghttp2_mem>) -> Void) {
    isOffered = true
    var allocator = nghttp2_mem(
      mem_user_data: Unmanaged.passUnretained(self).toOpaque(),
      malloc: { size, _ in malloc(size) },
      free: { pointer, owner in
        if pointer != SharedFrameBuffer.from(owner).memory { free(pointer) }
      },
      calloc: { count, size, _ in calloc(count, size) },
      realloc: { pointer, size, owner in SharedFrameBuffer.from(owner).reallocate(pointer, size) })
    makeSession(&allocator)
    isOffered = false
  }

  private func reallocate(_ pointer: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
    if pointer == nil, isOffered, size == Self.size {
      isOffered = false
      return memory
    }
    guard pointer == memory else { return realloc(pointer, size) }
    guard let grown = malloc(size) else { return nil }
    memcpy(grown, memory, min(size, Self.size))
    return grown
  }

  private static func from(_ owner: UnsafeMutableRawPointer?) -> SharedFrameBuffer {
    Unmanaged<SharedFrameBuffer>.fromOpaque(owner!).takeUnretainedValue()
  }
}
