import CProtobufC

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory for the C form of one message while it is packed or unpacked.
///
/// Each thread has one arena and uses it again and again, so that in the steady state no message allocates its C
/// form. Memory from an arena lives until the arena is released to a mark taken before. Only generated code and its
/// support work with it.
public struct ProtobufArena {
  /// The C allocator handed to protobuf-c, and what it allocates from. It stands at one address for the thread's
  /// life, because protobuf-c holds on to that address.
  @usableFromInline
  struct Storage {
    var allocator: ProtobufCAllocator
    /// Where the next allocation begins.
    @usableFromInline var next: UnsafeMutableRawPointer
    /// The end of the chunk that `next` lies in.
    @usableFromInline var end: UnsafeMutableRawPointer
    /// The chunk that is kept.
    var base: UnsafeMutableRawPointer
    var baseSize: Int
    /// Chunks for what did not fit the base chunk; they go when the arena is empty again.
    var overflow: [UnsafeMutableRawPointer] = []
    var overflowSize = 0
    /// How much protobuf-c may still allocate for the message it unpacks.
    var budget = 0
    var isExhausted = false
  }

  /// A point to release the arena to.
  public struct Mark {
    let next: UnsafeMutableRawPointer
    let end: UnsafeMutableRawPointer
    let isEmpty: Bool
  }

  @usableFromInline let storage: UnsafeMutablePointer<Storage>

  /// What every allocation is a multiple of: the strictest alignment of protobuf-c's structs.
  @usableFromInline static let alignment = 8
  private static let initialSize = 16 << 10
  /// A thread keeps at most this much between messages.
  private static let keptSize = 256 << 10

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let failure = pthread_key_create(&key) { pointer in
      guard let pointer else { return }
      ProtobufArena(storage: pointer.assumingMemoryBound(to: Storage.self)).destroy()
    }
    precondition(failure == 0, "the process has no thread-specific key left (error \(failure))")
    return key
  }()

  @usableFromInline
  init(storage: UnsafeMutablePointer<Storage>) {
    self.storage = storage
  }

  /// The calling thread's arena. It must not leave the thread, nor stay over a suspension.
  public static var current: ProtobufArena {
    if let known = pthread_getspecific(key) {
      return ProtobufArena(storage: known.assumingMemoryBound(to: Storage.self))
    }
    return create()
  }

  private static func create() -> ProtobufArena {
    let storage = UnsafeMutablePointer<Storage>.allocate(capacity: 1)
    let base = UnsafeMutableRawPointer.allocate(byteCount: initialSize, alignment: alignment)
    let allocator = ProtobufCAllocator(
      alloc: { arena, size in
        ProtobufArena(storage: arena!.assumingMemoryBound(to: Storage.self)).allocateWithinBudget(size)
      },
      // Everything goes at once, when the arena is released.
      free: { _, _ in },
      allocator_data: UnsafeMutableRawPointer(storage))
    storage.initialize(
      to: Storage(
        allocator: allocator, next: base, end: base + initialSize, base: base, baseSize: initialSize))
    pthread_setspecific(key, storage)
    return ProtobufArena(storage: storage)
  }

  private func destroy() {
    for chunk in storage.pointee.overflow { chunk.deallocate() }
    storage.pointee.base.deallocate()
    storage.deinitialize(count: 1)
    storage.deallocate()
  }

  // MARK: Allocating

  /// `size` bytes that nothing was written to.
  @inlinable
  public func allocate(byteCount size: Int) -> UnsafeMutableRawPointer {
    let rounded = (size + (Self.alignment - 1)) & ~(Self.alignment - 1)
    let start = storage.pointee.next
    guard storage.pointee.end - start >= rounded else { return allocateChunk(rounded) }
    storage.pointee.next = start + rounded
    return start
  }

  /// Memory for `count` values of a C type, which the caller initialises.
  @inlinable
  public func allocate<T>(_: T.Type, count: Int = 1) -> UnsafeMutablePointer<T> {
    allocate(byteCount: MemoryLayout<T>.stride * count).bindMemory(to: T.self, capacity: count)
  }

  @usableFromInline
  func allocateChunk(_ size: Int) -> UnsafeMutableRawPointer {
    let chunkSize = max(size, 2 * storage.pointee.baseSize)
    let chunk = UnsafeMutableRawPointer.allocate(byteCount: chunkSize, alignment: Self.alignment)
    storage.pointee.overflow.append(chunk)
    storage.pointee.overflowSize += chunkSize
    storage.pointee.next = chunk + size
    storage.pointee.end = chunk + chunkSize
    return chunk
  }

  /// `size` bytes for what is being unpacked, or nil when its budget is used up.
  func allocateWithinBudget(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size <= storage.pointee.budget else {
      storage.pointee.isExhausted = true
      return nil
    }
    storage.pointee.budget -= max(size, Self.alignment)
    return allocate(byteCount: size)
  }

  // MARK: Releasing

  /// Where the arena stands now.
  public var mark: Mark {
    Mark(
      next: storage.pointee.next, end: storage.pointee.end,
      isEmpty: storage.pointee.next == storage.pointee.base)
  }

  /// Gives back everything allocated since `mark` was taken.
  public func release(to mark: Mark) {
    guard mark.isEmpty else {
      // A message inside a message being coded: the outer one's release frees the chunks.
      storage.pointee.next = mark.next
      storage.pointee.end = mark.end
      return
    }
    if !storage.pointee.overflow.isEmpty { adaptBase() }
    storage.pointee.next = storage.pointee.base
    storage.pointee.end = storage.pointee.base + storage.pointee.baseSize
  }

  /// Lets the base chunk grow to what was needed, so that the next such message needs no chunk of its own.
  private func adaptBase() {
    let needed = storage.pointee.baseSize + storage.pointee.overflowSize
    for chunk in storage.pointee.overflow { chunk.deallocate() }
    storage.pointee.overflow.removeAll()
    storage.pointee.overflowSize = 0
    guard needed <= Self.keptSize else { return }
    storage.pointee.base.deallocate()
    storage.pointee.base = .allocate(byteCount: needed, alignment: Self.alignment)
    storage.pointee.baseSize = needed
  }
}

@available(*, unavailable)
extension ProtobufArena: Sendable {}
