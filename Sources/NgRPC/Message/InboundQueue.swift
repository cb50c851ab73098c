import NIOCore
import Synchronization

/// The messages of a stream that wait for their one reader, and the reader when it waits for them.
///
/// Bounded by the stream's window: a message's bytes are given back to the sender when it is taken.
///
/// `@unchecked Sendable`: all state is touched on `eventLoop` only; `next()` hops there.
///
/// `@exclusivity(unchecked)`: all of it is touched on one event loop, and no access spans a call of other code; the checks would
/// take a tenth of what a message takes.
final class InboundQueue<Message: RPCMessage>: InboundReceiver, @unchecked Sendable {
  private enum End {
    case open
    /// After the messages that wait: nil is the regular end.
    case ended(RPCError?)
  }

  /// What a reader gets.
  private enum Outcome {
    case message(Message)
    /// To be inflated by the reader.
    case compressed(CompressedMessage)
    case end
  }

  private enum Reader {
    case none
    /// The call's own task, on the event loop. It is cancelled only when the call ends, which wakes it anyway.
    case owner(UnsafeContinuation<Void, Never>)
    /// Any other, which takes what there is when `wake` is called.
    case other(ticket: UInt64, wake: @Sendable () -> Void)
  }

  let eventLoop: any EventLoop
  /// Where memory for small messages is borrowed.
  private let buffers: EventLoopBuffers?
  @exclusivity(unchecked) private var spool = InboundSpool()
  private var compression = (algorithm: CompressionAlgorithm.identity, limit: 0)
  @exclusivity(unchecked) private var end = End.open
  @exclusivity(unchecked) private var reader = Reader.none
  @exclusivity(unchecked) private var owner: UnsafeCurrentTask?
  private let tickets = Atomic<UInt64>(0)
  /// Reads that were cancelled before they came to wait.
  private var cancelled: Set<UInt64> = []

  init(eventLoop: any EventLoop, buffers: EventLoopBuffers? = nil) {
    self.eventLoop = eventLoop
    self.buffers = buffers
  }

  // MARK: Messages come

  override func receive(_ bytes: UnsafeRawBufferPointer, credit: Int) throws {
    guard case .open = end else { return }
    spool.append(bytes, isCompressed: false, credit: credit, buffers)
    wakeReader()
  }

  override func receive(assembled message: ByteBuffer, credit: Int) throws {
    guard case .open = end else { return }
    spool.append(assembled: message, credit: credit)
    wakeReader()
  }

  override func receive(_ message: CompressedMessage, credit: Int) throws {
    guard case .open = end else { return }
    compression = (message.algorithm, message.limit)
    message.bytes.withUnsafeReadableBytes { spool.append($0, isCompressed: true, credit: credit, buffers) }
    wakeReader()
  }

  override var isDrained: Bool { spool.isEmpty }

  override func receivedEnd() { finish(nil) }

  override func closed(_ status: RPCError) { finish(status.code == .ok ? nil : status) }

  /// No more messages come; the first end counts.
  func finish(_ error: RPCError?) {
    creditor = nil
    owner = nil
    guard case .open = end else { return }
    end = .ended(error)
    wakeReader()
  }

  private func wakeReader() {
    switch reader {
    case .none: break
    case .owner(let continuation):
      reader = .none
      continuation.resume()
    case .other(_, let wake):
      reader = .none
      wake()
    }
  }

  // MARK: Messages are taken

  override func adoptCurrentTask() {
    guard case .open = end else { return }
    owner = withUnsafeCurrentTask { $0 }
  }

  /// The next message, or nil at the end. One reader at a time.
  ///
  /// - Throws: the error that the stream ended with, or that the message could not be decoded with; CANCELLED when the reading
  ///   task is cancelled.
  ///
  /// What is seldom needed is apart: this function's part of an idle stream's task is small.
  func next() async throws -> Message? {
    guard eventLoop.inEventLoop, hasOutcome || isOwnersTurn else { return try await nextForAnyTask() }
    if !hasOutcome { await withUnsafeContinuation { wait(.owner($0)) } }
    if spool.isEmpty {
      try throwEndError()
      return nil
    }
    if spool.isFirstCompressed { return try await inflated(takeCompressed()) }
    return try takePlain()
  }

  private var isOwnersTurn: Bool {
    guard let owner else { return false }
    return withUnsafeCurrentTask { $0 == owner }
  }

  @inline(never)
  private func nextForAnyTask() async throws -> Message? {
    let ticket = tickets.add(1, ordering: .relaxed).newValue
    defer { onEventLoop { self.cancelled.remove(ticket) } }
    let outcome: Outcome = try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        onEventLoop {
          let wake: @Sendable () -> Void = { continuation.resume(with: Result { try self.outcome() }) }
          if self.hasOutcome {
            wake()
          } else if self.cancelled.remove(ticket) != nil {
            continuation.resume(throwing: Self.cancelledError)
          } else {
            self.wait(.other(ticket: ticket, wake: wake))
          }
        }
      }
    } onCancel: {
      onEventLoop { self.cancelReader(ticket) }
    }
    return switch outcome {
    case .message(let message): message
    case .compressed(let compressed): try await inflated(compressed)
    case .end: nil
    }
  }

  @inline(never)
  private func inflated(_ compressed: CompressedMessage) async throws -> Message {
    do {
      let (message, size) = try await compressed.decodedAside(as: Message.self)
      onEventLoop { self.creditor?.inflated(size) }
      return message
    } catch {
      let error = RPCError(unreadable: error)
      onEventLoop { self.couldNotRead(error) }
      throw error
    }
  }

  private func onEventLoop(_ body: @escaping @Sendable () -> Void) {
    if eventLoop.inEventLoop { body() } else { eventLoop.execute(body) }
  }

  private func wait(_ newReader: Reader) {
    guard case .none = reader else { preconditionFailure("a stream of messages has one reader at a time") }
    reader = newReader
  }

  /// Whether a reader need not wait.
  private var hasOutcome: Bool {
    if !spool.isEmpty { return true }
    if case .ended = end { return true }
    return false
  }

  /// What a reader gets that was woken.
  private func outcome() throws -> Outcome {
    if spool.isEmpty {
      try throwEndError()
      return .end
    }
    return spool.isFirstCompressed ? .compressed(takeCompressed()) : .message(try takePlain())
  }

  /// Throws unless the end is a good one. When there is none, the reader was woken by its cancellation.
  @inline(never)
  private func throwEndError() throws {
    switch end {
    case .ended(nil): return
    case .ended(let error?): throw error
    case .open: throw Self.cancelledError
    }
  }

  private func takeCompressed() -> CompressedMessage {
    let message = spool.withFirst {
      CompressedMessage($0, compression.algorithm, limit: compression.limit)
    }
    compressedCount += 1
    removeFirst()
    return message
  }

  private func takePlain() throws -> Message {
    do {
      let message: Message = try spool.decodeFirst()
      removeFirst()
      return message
    } catch {
      let error = RPCError(unreadable: error)
      couldNotRead(error)
      throw error
    }
  }

  private func removeFirst() {
    let credit = spool.removeFirst(buffers)
    creditor?.giveCredit(credit)
  }

  private func couldNotRead(_ error: RPCError) {
    spool.removeAll()
    creditor?.couldNotRead(error)
    // The stream may have ended well by itself; whoever reads must know that this is not all.
    end = .ended(error)
  }

  /// The read may be waiting, about to wait, or over.
  private func cancelReader(_ ticket: UInt64) {
    if case .other(ticket, let wake) = reader {
      reader = .none
      wake()
    } else {
      cancelled.insert(ticket)
    }
  }

  private static var cancelledError: RPCError {
    RPCError(code: .cancelled, message: "The reading task was cancelled.")
  }
}
