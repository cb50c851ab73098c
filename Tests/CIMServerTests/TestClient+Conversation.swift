import CIMProtos
import CIMTestSupport
import NgRPC
import Synchronization
import Testing

/// Numbers as texts, and what must come of them.
extension TestClient {
  /// What calls in this client's name carry.
  var options: CallOptions { CallOptions(metadata: ["authorization": "Bearer \(token)"]) }

  /// Sends numbers, no more at a time than a server takes, and waits until all are accepted.
  ///
  /// - Parameter persistently: whether what is refused as unavailable is sent again, in order.
  func postAll(_ numbers: Range<Int>, to conversation: String, persistently: Bool = false) async throws {
    for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 50) {
      let part = start..<min(start + 50, numbers.upperBound)
      var waiting: [UInt64: Int] = [:]
      for number in part { waiting[try await post("\(number)", to: conversation)] = number }
      while !waiting.isEmpty {
        let result = try await nextResult()
        guard let counter = result.sendID?.counter, let number = waiting[counter] else { continue }
        switch result.outcome {
        case .accepted: waiting[counter] = nil
        case .refused(let refused)
        where persistently && [.unavailable, .counterGap].contains(refused.reason):
          try await post("\(number)", to: conversation, as: counter)
        default:
          Issue.record("\(number) was not accepted: \(result)")
          waiting[counter] = nil
        }
      }
    }
  }

  /// The next messages of a conversation are these numbers, each naming the one before.
  ///
  /// - Parameter storing: whether they are acknowledged.
  func expect(_ numbers: Range<Int>, of conversation: String, storing: Bool) async throws {
    var last: CimV1.LogPosition?
    for number in numbers {
      let message = try await next { frame -> CimV1.Message? in
        guard case .message(let message) = frame, message.conversation == conversation else { return nil }
        return message
      }
      try #require(message.content?.kind == .text("\(number)"))
      if let last { #expect(message.previous == last) }
      last = message.position
    }
    if storing, let last {
      try await send(.ack(CimV1.Ack(cursors: [CimV1.Cursor(conversation: conversation, position: last)])))
      // The ping's answer tells that the server has it; that it has told the routes, time must.
      try await send(.ping(CimV1.Ping(nonce: 77)))
      _ = try await next { if case .pong = $0 { true } else { nil } }
    }
    note(last, of: conversation)
  }

  /// Of several conversations all these numbers come, each conversation's in order, each once.
  func expectTogether(_ numbers: Range<Int>, of conversations: Set<String>) async throws {
    var next = Dictionary(uniqueKeysWithValues: conversations.map { ($0, numbers.lowerBound) })
    while next.values.contains(where: { $0 < numbers.upperBound }) {
      let message = try await nextMessage()
      guard let number = next[message.conversation] else { continue }
      try #require(message.content?.kind == .text("\(number)"))
      next[message.conversation] = number + 1
    }
  }
}
