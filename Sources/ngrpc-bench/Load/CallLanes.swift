import NIOCore
import NgRPC
import NgRPCProtos

/// Unary calls, one after another.
final class UnaryLane: Lane, StreamHandler {
  typealias Outbound = ByteBuffer

  private let channel: RPCChannel
  private var run: Run?
  private var begun = 0
  private var sent = NIODeadline.now()
  private var answers = 0

  init(_ channel: RPCChannel) { self.channel = channel }

  func begin(_ run: Run) {
    self.run = run
    begun = 0
    call(run, at: .now())
  }

  private func call(_ run: Run, at now: NIODeadline) {
    begun += 1
    answers = 0
    sent = now
    let message = run.message
    let lane = NIOLoopBound(self, eventLoop: channel.eventLoop)
    channel.stream(NgrpcBenchV1.Bench.Methods.unary) { stream -> UnaryLane in
      stream.send(framed: message)
      stream.finish()
      return lane.value
    }
  }

  func received(_ message: Received) { answers += 1 }
  func inboundEnded() {}
  func writable() {}

  func closed(_ status: RPCError) {
    guard let run else { return }
    guard status.code == .ok, answers == 1 else { return run.failed(status) }
    let now = NIODeadline.now()
    run.completed(1, latency: now - sent)
    if run.wants(anotherAfter: begun, at: now) { return call(run, at: now) }
    self.run = nil
    run.laneEnded()
  }
}

/// Server-streaming calls, one after another.
final class DownloadLane: Lane, StreamHandler {
  typealias Outbound = NgrpcBenchV1.DownloadRequest

  private let channel: RPCChannel
  private var run: Run?
  private var begun = 0
  private var received = 0

  init(_ channel: RPCChannel) { self.channel = channel }

  func begin(_ run: Run) {
    self.run = run
    begun = 0
    call(run)
  }

  private func call(_ run: Run) {
    begun += 1
    received = 0
    let request = NgrpcBenchV1.DownloadRequest(
      messages: UInt32(run.phase.messagesPerCall), bytes: UInt32(run.phase.bytes ?? 0))
    let lane = NIOLoopBound(self, eventLoop: channel.eventLoop)
    channel.stream(NgrpcBenchV1.Bench.Methods.download) { stream -> DownloadLane in
      stream.send(request)
      stream.finish()
      return lane.value
    }
  }

  func received(_ message: Received) { received += 1 }
  func inboundEnded() {}
  func writable() {}

  func closed(_ status: RPCError) {
    guard let run else { return }
    guard status.code == .ok, received == run.phase.messagesPerCall else {
      return run.failed(LoadError("a download of \(received) messages ended with \(status)"))
    }
    run.completed(received)
    if run.wants(anotherAfter: begun, at: .now()) { return call(run) }
    self.run = nil
    run.laneEnded()
  }
}

/// Client-streaming calls, one after another.
final class UploadLane: Lane, StreamHandler {
  typealias Outbound = ByteBuffer

  /// As much waits in a stream before the rest is left for later.
  private static let highMark = 64 * 1024

  private let channel: RPCChannel
  private var stream: ClientStream<ByteBuffer>?
  private var run: Run?
  private var begun = 0
  private var left = 0
  private var counted = 0

  init(_ channel: RPCChannel) { self.channel = channel }

  func begin(_ run: Run) {
    self.run = run
    begun = 0
    call(run)
  }

  private func call(_ run: Run) {
    begun += 1
    left = run.phase.messagesPerCall
    counted = 0
    let lane = NIOLoopBound(self, eventLoop: channel.eventLoop)
    channel.stream(NgrpcBenchV1.Bench.Methods.upload) { stream -> UploadLane in
      lane.value.stream = stream
      lane.value.writable()
      return lane.value
    }
  }

  func writable() {
    guard let run, let stream, left > 0 else { return }
    while left > 0, stream.pendingBytes < Self.highMark {
      stream.send(framed: run.message)
      left -= 1
    }
    if left == 0 { stream.finish() }
  }

  func received(_ response: NgrpcBenchV1.UploadResponse) { counted = Int(response.messages) }
  func inboundEnded() {}

  func closed(_ status: RPCError) {
    stream = nil
    guard let run else { return }
    guard status.code == .ok, counted == run.phase.messagesPerCall else {
      return run.failed(LoadError("an upload of which \(counted) messages were counted ended with \(status)"))
    }
    run.completed(counted)
    if run.wants(anotherAfter: begun, at: .now()) { return call(run) }
    self.run = nil
    run.laneEnded()
  }
}

extension Phase {
  fileprivate var messagesPerCall: Int { batch ?? 1000 }
}
