import NIOCore
import NgRPC
import NgRPCProtos

/// An echo stream that stays open.
final class EchoLane: Lane, StreamHandler {
  typealias Outbound = ByteBuffer

  private let channel: RPCChannel
  private var stream: ClientStream<ByteBuffer>?
  private var run: Run?
  private var begun = 0
  private var sendTimes = CircularBuffer<NIODeadline>()

  init(_ channel: RPCChannel) { self.channel = channel }

  func begin(_ run: Run) {
    self.run = run
    begun = 0
    guard stream == nil else { return fillWindow() }
    let lane = NIOLoopBound(self, eventLoop: channel.eventLoop)
    channel.stream(NgrpcBenchV1.Bench.Methods.echo) { stream -> EchoLane in
      lane.value.stream = stream
      lane.value.fillWindow()
      return lane.value
    }
  }

  private func fillWindow() {
    guard let run else { return }
    let now = NIODeadline.now()
    while sendTimes.count < run.phase.window ?? 1, run.wants(anotherAfter: begun, at: now) { send(now) }
    if sendTimes.isEmpty { end() }
  }

  private func send(_ now: NIODeadline) {
    guard let run, let stream else { return }
    begun += 1
    sendTimes.append(now)
    stream.send(framed: run.message)
  }

  private func end() {
    let run = run
    self.run = nil
    run?.laneEnded()
  }

  func received(_ message: Received) {
    guard let run, let sent = sendTimes.popFirst() else { return }
    guard message.byteCount == run.message.payloadBytes else {
      return run.failed(
        LoadError("an echo of \(message.byteCount) bytes came; \(run.message.payloadBytes) were sent"))
    }
    let now = NIODeadline.now()
    run.completed(1, latency: now - sent)
    if run.wants(anotherAfter: begun, at: now) { send(now) } else if sendTimes.isEmpty { end() }
  }

  func inboundEnded() {}
  func writable() {}

  func closed(_ status: RPCError) {
    stream = nil
    run?.failed(status)
    run = nil
  }
}
