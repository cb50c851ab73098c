import DequeModule
import NIOCore
import Synchronization

/// The messages of a stream that wait for their one reader, and the reader when it waits for them.
///
/// Bounded by the stream's window: a message's bytes are given back to the sender when it is taken.
///
/// `@unchecked Sendable`: all state is touched on `eventLoop` only; `next()` hops there.
final class InboundQueue<Message: RPCMessage>: InboundReceiver, @unchecked Sendable {
  private enum Entry {
    case decoded(Message)
    case compressed(CompressedMessage)
  }

  private enum End {
    case open
    /// After the messages that wait: nil is the regular end.
    case ended(RPCError?)
  }

  let eventLoop: any EventLoop
  private var messages = Deque<(entry: Entry, credit: Int)>()
  private var end = End.open
  private var reader: (ticket: UInt64, continuation: CheckedContinuation<Entry?, any Error>)?
  private let tickets = Atomic<UInt64>(0)
  /// Reads that were cancelled before they came to wait.
  private var cancelled: Set<UInt64> = []

  init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  override func receive(_ bytes: UnsafeRawBufferPointer, credit: Int) throws {
    let message = try Message(serialized: bytes)
    guard case .open = end else { return }
    receive(.decoded(message), credit)
  }

  override func receive(_ message: CompressedMessage, credit: Int) throws {
    guard case .open = end else { return }
    receive(.compressed(message), credit)
  }

  private func receive(_ entry: Entry, _ credit: Int) {
    messages.append((entry, credit))
    if let reader {
      self.reader = nil
      reader.continuation.resume(returning: take())
    }
  }

  override var isDrained: Bool { messages.isEmpty }

  override func receivedEnd() { finish(nil) }

  override func closed(_ status: RPCError) { finish(status.code == .ok ? nil : status) }

  /// No more messages come; the first end counts.
  func finish(_ error: RPCError?) {
    creditor = nil
    guard case .open = end else { return }
    end = .ended(error)
    if let reader {
      self.reader = nil
      if let error {
        reader.continuation.resume(throwing: error)
      } else {
        reader.continuation.resume(returning: nil)
      }
    }
  }

  /// The next message, or nil at the end. One reader at a time.
  ///
  /// - Throws: the error that the stream ended with; CANCELLED when the reading task is cancelled.
  func next() async throws -> Message? {
    if eventLoop.inEventLoop, let entry = take() { return try await message(of: entry) }
    let ticket = tickets.add(1, ordering: .relaxed).newValue
    defer { onEventLoop { self.cancelled.remove(ticket) } }
    let entry = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        onEventLoop { self.wait(continuation, ticket) }
      }
    } onCancel: {
      onEventLoop { self.cancelReader(ticket) }
    }
    return if let entry { try await message(of: entry) } else { nil }
  }

  @inline(__always)
  private func message(of entry: Entry) async throws -> Message {
    switch entry {
    case .decoded(let message): return message
    case .compressed(let message):
      do {
        let (message, size) = try await message.decodedAside(as: Message.self)
        onEventLoop { self.creditor?.inflated(size) }
        return message
      } catch {
        let error = RPCError(unreadable: error)
        onEventLoop { self.couldNotRead(error) }
        throw error
      }
    }
  }

  private func onEventLoop(_ body: @escaping @Sendable () -> Void) {
    if eventLoop.inEventLoop { body() } else { eventLoop.execute(body) }
  }

  private func take() -> Entry? {
    guard let (entry, credit) = messages.popFirst() else { return nil }
    if case .compressed = entry { compressedCount += 1 }
    creditor?.giveCredit(credit)
    return entry
  }

  private func couldNotRead(_ error: RPCError) {
    messages = []
    creditor?.couldNotRead(error)
    // The stream may have ended well by itself; whoever reads must know that this is not all.
    end = .ended(error)
  }

  private func wait(_ continuation: CheckedContinuation<Entry?, any Error>, _ ticket: UInt64) {
    if let entry = take() { return continuation.resume(returning: entry) }
    switch end {
    case .ended(nil): continuation.resume(returning: nil)
    case .ended(let error?): continuation.resume(throwing: error)
    case .open where cancelled.remove(ticket) != nil: continuation.resume(throwing: Self.cancelledError)
    case .open:
      precondition(reader == nil, "a stream of messages has one reader at a time")
      reader = (ticket, continuation)
    }
  }

  /// The read may be waiting, about to wait, or over.
  private func cancelReader(_ ticket: UInt64) {
    if let reader, reader.ticket == ticket {
      self.reader = nil
      reader.continuation.resume(throwing: Self.cancelledError)
    } else {
      cancelled.insert(ticket)
    }
  }

  private static var cancelledError: RPCError {
    RPCError(code: .cancelled, message: "The reading task was cancelled.")
  }
}
