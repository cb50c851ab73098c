import DequeModule
import NIOCore

/// Hands a call's messages to a ``StreamHandler``.
///
/// A large compressed message leaves the event loop to be inflated; what comes after it is held until it is back.
final class HandlerReceiver<Handler: StreamHandler & SendableMetatype>: InboundReceiver {
  private enum Event {
    case message(Handler.Inbound, credit: Int)
    case compressed(CompressedMessage, credit: Int)
    case end
    case closed(RPCError)
  }

  private let handler: Handler
  private let eventLoop: any EventLoop
  /// What came while a message is being inflated; nil while none is.
  private var held: Deque<Event>?

  init(_ handler: Handler, eventLoop: any EventLoop) {
    self.handler = handler
    self.eventLoop = eventLoop
  }

  override func receive(_ bytes: UnsafeRawBufferPointer, credit: Int) throws {
    let message = try Handler.Inbound(serialized: bytes)
    guard held == nil else { return hold(.message(message, credit: credit)) }
    handler.received(message)
    creditor?.giveCredit(credit)
  }

  override func receive(_ message: CompressedMessage, credit: Int) throws {
    guard held == nil else { return hold(.compressed(message, credit: credit)) }
    if let (message, size) = try message.decodedIfSmall(as: Handler.Inbound.self) {
      deliver(message, size, credit)
    } else {
      held = []
      inflate(message, credit)
    }
  }

  override var isDrained: Bool { held?.isEmpty ?? true }

  override func receivedEnd() {
    if held == nil { handler.inboundEnded() } else { hold(.end) }
  }

  override func becameWritable() { handler.writable() }

  override func closed(_ status: RPCError) {
    creditor = nil
    if held == nil { handler.closed(status) } else { hold(.closed(status)) }
  }

  private func hold(_ event: Event) { held?.append(event) }

  private func deliver(_ message: Handler.Inbound, _ size: MessageSize, _ credit: Int) {
    compressedCount += 1
    creditor?.inflated(size)
    handler.received(message)
    creditor?.giveCredit(credit)
  }

  private func inflate(_ message: CompressedMessage, _ credit: Int) {
    let (receiver, eventLoop) = (NIOLoopBound(self, eventLoop: eventLoop), eventLoop)
    Task(executorPreference: globalConcurrentExecutor) {
      let result = Result { try message.decoded(as: Handler.Inbound.self) }
      eventLoop.execute { receiver.value.inflated(result, credit) }
    }
  }

  private func inflated(_ result: Result<(Handler.Inbound, MessageSize), any Error>, _ credit: Int) {
    do {
      let (message, size) = try result.get()
      deliver(message, size, credit)
      try deliverHeld()
    } catch {
      couldNotRead(error)
    }
  }

  /// Hands on what was held, up to the next large message.
  private func deliverHeld() throws {
    while let event = held?.popFirst() {
      switch event {
      case .message(let message, let credit):
        handler.received(message)
        creditor?.giveCredit(credit)
      case .compressed(let message, let credit):
        guard let (message, size) = try message.decodedIfSmall(as: Handler.Inbound.self) else {
          return inflate(message, credit)
        }
        deliver(message, size, credit)
      case .end: handler.inboundEnded()
      case .closed(let status): handler.closed(status)
      }
    }
    held = nil
  }

  private func couldNotRead(_ error: any Error) {
    let hasClosed = held?.contains { if case .closed = $0 { true } else { false } } ?? false
    held = nil
    if hasClosed { handler.closed(RPCError(unreadable: error)) } else { creditor?.couldNotRead(error) }
  }
}
