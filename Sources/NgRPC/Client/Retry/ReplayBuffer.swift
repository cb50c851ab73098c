import NIOCore

/// What a call has sent, for another attempt. Holds on to the messages' own bytes: nothing is copied.
struct ReplayBuffer {
  // Most calls have one message: no array for that.
  private var first: ByteBuffer?
  private var rest: [ByteBuffer] = []
  private(set) var byteCount = 0

  mutating func append(_ message: ByteBuffer) {
    byteCount += message.readableBytes
    if first == nil { first = message } else { rest.append(message) }
  }

  /// Appends everything to a stream's outbound buffer.
  func write(to buffer: inout ByteBuffer) {
    guard let first else { return }
    buffer.appendMessage(first)
    for message in rest { buffer.writeImmutableBuffer(message) }
  }

  mutating func removeAll() { self = ReplayBuffer() }
}

extension ByteBuffer {
  /// Appends an encoded message; the first one without copying it.
  mutating func appendMessage(_ message: ByteBuffer) {
    if capacity == 0 { self = message } else { writeImmutableBuffer(message) }
  }
}
