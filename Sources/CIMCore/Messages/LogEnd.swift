/// Where a log ends, and how many entries there were on the way.
public struct LogEnd: Hashable, Sendable {
  /// Of how many epochs before the present one a log remembers where they ended, the latest.
  public static let rememberedEpochs = 16

  /// The place of the last entry, also when that has been trimmed.
  public let position: LogPosition

  /// When that was logged, by the store's clock.
  public let loggedAt: Timestamp

  /// The last entries of the epochs before, ascending, the last `rememberedEpochs`.
  public let formerEpochs: [LogPosition]

  /// Of users that were asked for, where each said something last, or joined or left; the lobby does not remember that.
  public let lastOwn: [UserID: LogPosition]

  /// Describes a log's end.
  public init(
    position: LogPosition, loggedAt: Timestamp, formerEpochs: [LogPosition] = [],
    lastOwn: [UserID: LogPosition] = [:]
  ) {
    self.position = position
    self.loggedAt = loggedAt
    self.formerEpochs = formerEpochs
    self.lastOwn = lastOwn
  }

  /// How many entries were logged after a place, those included that have been trimmed since.
  ///
  /// The place need not be in the log: one that the store has lost counts as the last of its epoch that it has. Epochs that
  /// ended longer ago than is remembered are not counted.
  public func count(after place: LogPosition) -> UInt64 {
    (self.formerEpochs + [self.position]).reduce(0) { count, end in
      if end.epoch > place.epoch { return count &+ end.seq }
      return end.epoch == place.epoch && end.seq > place.seq ? count &+ (end.seq - place.seq) : count
    }
  }

  /// Up to where a user has seen a log, going by what the user has read and by what it said last: who says something has
  /// seen what stands before it.
  ///
  /// - Parameter read: the user's read mark.
  public func seen(by user: UserID, read: LogPosition?) -> LogPosition {
    max(read ?? .beginning, self.lastOwn[user] ?? .beginning)
  }
}
