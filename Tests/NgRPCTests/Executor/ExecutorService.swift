import Dispatch
import NIOCore
import NgRPC
import Synchronization

/// Handlers that give way to the event loop in every way there is.
final class ExecutorService: RPCService {
  static let elsewhere = MethodDescriptor(service: "test.Executor", method: "Elsewhere", kind: .unary)
  static let timer = MethodDescriptor(service: "test.Executor", method: "Timer", kind: .unary)
  static let listen = MethodDescriptor(service: "test.Executor", method: "Listen", kind: .bidirectional)
  static let tell = MethodDescriptor(service: "test.Executor", method: "Tell", kind: .unary)
  static let yield = MethodDescriptor(service: "test.Executor", method: "Yield", kind: .unary)
  static let linger = MethodDescriptor(service: "test.Executor", method: "Linger", kind: .unary)
  static let flood = MethodDescriptor(service: "test.Executor", method: "Flood", kind: .bidirectional)

  /// The open streams of `listen`.
  private let listeners = Mutex<[ServerStream<ByteBuffer>]>([])
  /// Steps of handlers, as they come: `begun` and `ended`.
  let steps: AsyncStream<String>
  private let note: AsyncStream<String>.Continuation
  /// What `linger` waits for.
  let gate = Gate()

  init() { (steps, note) = AsyncStream.makeStream() }

  func register(with router: inout RPCRouter) {
    // Is resumed by a thread that is no event loop's.
    router.unary(Self.elsewhere) { (request: ByteBuffer, _) in
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume() }
      }
      return request
    }
    router.unary(Self.timer) { (request: ByteBuffer, _) in
      try await Task.sleep(for: .milliseconds(5))
      return request
    }
    router.stream(Self.listen) { (stream: ServerStream<ByteBuffer>, _) in
      self.listeners.withLock { $0.append(stream) }
      stream.send(ByteBuffer(string: "listening"))
      return EchoHandler(stream)
    }
    // Passes its request on to all that listen.
    router.unary(Self.tell) { (request: ByteBuffer, _) in
      for listener in self.listeners.withLock({ $0 }) { listener.send(request) }
      return ByteBuffer()
    }
    let note = note
    router.unary(Self.yield) { (request: ByteBuffer, _) in
      note.yield("begun")
      while !Task.isCancelled { await Task.yield() }
      return request
    }
    let gate = gate
    // Heeds no cancellation.
    router.unary(Self.linger) { (request: ByteBuffer, _) in
      note.yield("begun")
      await gate.wait()
      await Task.yield()
      note.yield("ended")
      return request
    }
    // Answers each request from a thread of its own.
    router.stream(Self.flood) { (stream: ServerStream<ByteBuffer>, _) in FloodHandler(stream) }
  }
}

/// Opened once; until then who comes waits.
final class Gate: Sendable {
  private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}

/// Sends 4 x 1,000 numbered messages from four threads at once.
final class FloodHandler: StreamHandler {
  typealias Inbound = ByteBuffer
  typealias Outbound = ByteBuffer
  static let threads = 4
  static let messages = 1000
  private let stream: ServerStream<ByteBuffer>

  init(_ stream: ServerStream<ByteBuffer>) { self.stream = stream }

  func received(_ message: ByteBuffer) {
    let stream = stream
    let group = DispatchGroup()
    for thread in 0..<Self.threads {
      DispatchQueue.global().async(group: group) {
        for number in 0..<Self.messages {
          stream.send(ByteBuffer(integers: [UInt32(thread), UInt32(number)]))
        }
      }
    }
    group.notify(queue: .global()) { stream.close() }
  }
  func inboundEnded() {}
  func writable() {}
  func closed(_ status: RPCError) {}
}

extension ByteBuffer {
  init(integers: [UInt32]) {
    self.init()
    for integer in integers { writeInteger(integer) }
  }
}
