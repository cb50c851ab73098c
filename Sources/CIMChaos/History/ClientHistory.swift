import CIMCore
import Foundation

/// All that one client has on record.
public struct ClientHistory: Sendable {
  /// Whose it is.
  public let user: UserID
  /// The events, oldest first.
  public private(set) var lines: [HistoryLine]
  private var offset: UInt64 = 0

  /// Describes a history.
  public init(user: UserID, lines: [HistoryLine] = []) {
    self.user = user
    self.lines = lines
  }

  /// Reads what was added to the history's file since the last time. A line that is not whole yet is left for the next
  /// time. A file that does not exist has no lines.
  ///
  /// - Throws: when a line is not what a history has.
  public mutating func readOn(from path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    defer { try? file.close() }
    try file.seek(toOffset: self.offset)
    guard let data = try file.readToEnd(), let end = data.lastIndex(of: HistoryFile.lineFeed) else { return }
    let decoder = JSONDecoder()
    for line in data[..<end].split(separator: HistoryFile.lineFeed) {
      let step = try decoder.decode(HistoryStep.self, from: line)
      self.lines += step.events.map { HistoryLine(time: step.time, event: $0) }
    }
    self.offset += UInt64(data.distance(from: data.startIndex, to: end) + 1)
  }

  /// How long the user was away each time, in milliseconds: from the loss of a connection to the next one's welcome.
  public var awayTimes: [UInt64] {
    var times: [UInt64] = []
    var since: UInt64?
    for line in self.lines {
      switch line.event {
      case .away: since = since ?? line.time
      case .moved(_, let away): times.append(away)
      case .online:
        if let since { times.append(line.time - since) }
        since = nil
      // A process that died was away for a reason of its own.
      case .started: since = nil
      default: break
      }
    }
    return times
  }

  /// Whether the last that is known is that the client is connected.
  public var isOnline: Bool {
    for line in self.lines.reversed() {
      switch line.event {
      case .online, .moved: return true
      case .away, .started, .failed, .closed: return false
      default: break
      }
    }
    return false
  }
}
