import NIOCore
import Synchronization

/// The tasks that wait for room in a stream's outbound buffer.
///
/// `@unchecked Sendable`: the waiters are touched on `eventLoop` only; ``wait(_:)`` hops there.
final class RoomWaiters: @unchecked Sendable {
  /// What a task that wants to send finds.
  enum Room {
    case room
    case full
    case ended(RPCError)
  }

  private let eventLoop: any EventLoop
  private let tickets = Atomic<UInt64>(0)
  private var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
  /// Cancelled before they came to wait.
  private var cancelled: Set<UInt64> = []

  init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// Does something that takes room, and waits until there is room again.
  ///
  /// - Parameter send: called once, on the event loop; says what there is afterwards.
  /// - Throws: what `send` throws; the error of `.ended`; CANCELLED when the task is cancelled while it waits.
  func wait(after send: @escaping @Sendable () throws -> Room) async throws {
    let ticket = tickets.add(1, ordering: .relaxed).newValue
    defer { onEventLoop { self.cancelled.remove(ticket) } }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        onEventLoop { self.wait(continuation, ticket, Result(catching: send)) }
      }
    } onCancel: {
      onEventLoop { self.cancel(ticket) }
    }
  }

  private func wait(
    _ continuation: CheckedContinuation<Void, any Error>, _ ticket: UInt64, _ room: Result<Room, any Error>
  ) {
    switch room {
    case .failure(let error): continuation.resume(throwing: error)
    case .success(.ended(let error)): continuation.resume(throwing: error)
    case .success(.room): continuation.resume()
    case .success(.full) where cancelled.remove(ticket) != nil:
      continuation.resume(throwing: Self.cancelledError)
    case .success(.full): waiting[ticket] = continuation
    }
  }

  private func cancel(_ ticket: UInt64) {
    if let continuation = waiting.removeValue(forKey: ticket) {
      continuation.resume(throwing: Self.cancelledError)
    } else {
      cancelled.insert(ticket)
    }
  }

  /// There is room, or, with an error, there never will be. On the event loop.
  func resumeAll(throwing error: RPCError? = nil) {
    guard !waiting.isEmpty else { return }
    let resumed = waiting
    waiting = [:]
    for continuation in resumed.values {
      if let error { continuation.resume(throwing: error) } else { continuation.resume() }
    }
  }

  private func onEventLoop(_ body: @escaping @Sendable () -> Void) {
    if eventLoop.inEventLoop { body() } else { eventLoop.execute(body) }
  }

  private static let cancelledError = RPCError(code: .cancelled, message: "The sending task was cancelled.")
}
