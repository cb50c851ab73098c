import CIMCore
import CIMProtos

/// A part of a log that somebody has not got and can't get any more.
struct LogGap: Hashable, Sendable {
  /// The last place before it; nil for the log's beginning.
  var after: LogPosition?
  /// The first entry behind it; nil when there is none yet.
  var next: LogPosition?
  /// Its last place: the next entry names it as the one before. Nil when the log has nothing, and never had.
  var until: LogPosition?

  /// What is missing between a place and what the log has behind it.
  ///
  /// A place that is not in the log any more is no loss as long as the next entry names it as its predecessor. One that the
  /// log has never had, because the log went back, is: the receiver's last messages are not in it.
  ///
  /// - Parameters:
  ///   - after: the place; nil for the beginning.
  ///   - first: the first entry behind it, if there is one.
  ///   - tail: the log's last place, which only matters without `first`.
  init?(after: LogPosition?, first: LogEntry?, tail: LogPosition?) {
    let reachesTo = first.map(\.previous) ?? tail
    guard reachesTo != after else { return nil }
    self.init(after: after, next: first?.position, until: reachesTo)
  }

  /// What is left out for somebody who was away for long: of `limit` entries before the tail nothing is.
  ///
  /// - Returns: nil when less is missing, or when the places alone don't tell: see `needsCount`.
  init?(after: LogPosition?, tail: LogPosition, limit: UInt64) {
    guard tail.seq > limit else { return nil }
    // Places of one epoch are dense.
    let until = LogPosition(epoch: tail.epoch, seq: tail.seq - limit)
    guard after.map({ $0 < until }) ?? true else { return nil }
    self.init(after: after, next: LogPosition(epoch: until.epoch, seq: until.seq + 1), until: until)
  }

  init(after: LogPosition?, next: LogPosition?, until: LogPosition?) {
    self.after = after
    self.next = next
    self.until = until
  }

  /// Whether only counting tells how much lies between two places: the epoch has changed since `after`.
  static func needsCount(after: LogPosition?, tail: LogPosition, limit: UInt64) -> Bool {
    guard let after else { return false }
    return tail.seq <= limit && after.epoch < tail.epoch
  }
}

extension CimV1.Reset {
  /// A gap as it travels.
  init(_ gap: LogGap, in conversation: Conversation) {
    self.init(
      conversation: conversation.description, after: gap.after.map(CimV1.LogPosition.init),
      next: gap.next.map(CimV1.LogPosition.init), until: gap.until.map(CimV1.LogPosition.init))
  }
}
