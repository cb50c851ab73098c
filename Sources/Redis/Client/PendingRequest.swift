import NIOCore
import Synchronization

/// Commands that were handed in together, and the task that waits for their replies.
///
/// The task is resumed once: by the last reply, a failure or its cancellation, whichever comes first. What comes later
/// is ignored.
final class PendingRequest: PipelinedRequest, Sendable {
  typealias Reply = Result<RedisValue, RedisError>

  private struct State {
    var replies: [Reply] = []
    var continuation: CheckedContinuation<[Reply], Never>?
    var isFinished = false
  }

  /// The commands in the Redis protocol.
  let encoded: ByteBuffer
  let replyCount: Int
  private let state = Mutex(State())

  /// Encodes the commands, on the caller's thread rather than on the event loop that all share.
  ///
  /// - Throws: `invalidCommand` when a command is too large.
  init(_ commands: [RedisCommand]) throws(RedisError) {
    var buffer = ByteBuffer()
    for command in commands {
      try command.write(to: &buffer)
    }
    encoded = buffer
    replyCount = commands.count
    state.withLock { $0.replies.reserveCapacity(commands.count) }
  }

  var isAbandoned: Bool { state.withLock { $0.isFinished } }

  /// Takes the continuation of the task that waits.
  ///
  /// - Returns: Whether there is anything to wait for; if not, the task was cancelled and is resumed already.
  func await(_ continuation: CheckedContinuation<[Reply], Never>) -> Bool {
    let cancelled: [Reply]? = state.withLock { state in
      guard state.isFinished else {
        state.continuation = continuation
        return nil
      }
      return state.replies
    }
    guard let cancelled else { return true }
    continuation.resume(returning: cancelled)
    return false
  }

  /// Takes the next reply.
  func receive(_ reply: RedisValue) {
    finish { replies in
      if case .error(let error) = reply {
        replies.append(.failure(error))
      } else {
        replies.append(.success(reply))
      }
    }
  }

  /// Fails all commands that have no reply yet.
  func fail(_ error: RedisError) {
    finish { replies in
      while replies.count < replyCount {
        replies.append(.failure(error))
      }
    }
  }

  private func finish(_ addReplies: (inout [Reply]) -> Void) {
    let (continuation, replies) = state.withLock { state -> (CheckedContinuation<[Reply], Never>?, [Reply]) in
      guard !state.isFinished else { return (nil, []) }
      addReplies(&state.replies)
      guard state.replies.count == replyCount else { return (nil, []) }
      state.isFinished = true
      return (state.continuation.take(), state.replies)
    }
    continuation?.resume(returning: replies)
  }
}
