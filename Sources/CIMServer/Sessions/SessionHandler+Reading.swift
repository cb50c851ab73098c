import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// What users have read, and what others have of what they said.
extension SessionHandler {
  /// How many marks one frame has: about 60 KB.
  private static let marksPerFrame = 1000

  /// The user has read up to places. What is no place in a conversation, and what is too much, is ignored.
  func hasRead(_ cursors: [CimV1.Cursor]) {
    for cursor in cursors {
      guard (try? Conversation(cursor.conversation)) != nil, let position = cursor.position, position.seq > 0,
        readBudget.take(at: .now()),
        shard.hasRead(LogPosition(position), of: cursor.conversation, by: number)
      else {
        core.counters.ignoredFrames.count()
        continue
      }
    }
  }

  /// Tells the client how far its user has read. A slow one is told all of it once it has read.
  func tell(readMarks cursors: [CimV1.Cursor]) {
    guard machine.isOpen, !cursors.isEmpty, !owesReadMarks else { return }
    guard stream.pendingBytes < core.configuration.outboundLimit else {
      owesReadMarks = true
      return
    }
    var rest = cursors[...]
    while !rest.isEmpty {
      send(.readMarks(CimV1.ReadMarks(cursors: Array(rest.prefix(Self.marksPerFrame)))))
      rest = rest.dropFirst(Self.marksPerFrame)
    }
  }

  /// The client has read: a route is asked for what it was not told.
  func repeatReadMarks() {
    owesReadMarks = false
    shard.sync(number, isNew: true)
  }

  /// Tells the client who has got or read what it said; not while so much waits for it: a receipt is a hint.
  func tell(_ receipt: CimV1.Receipt) {
    guard machine.isOpen else { return }
    guard stream.pendingBytes < Self.outboundHighMark else { return core.counters.droppedReceipts.count() }
    send(.receipt(receipt))
    core.counters.receipts.count()
  }
}
