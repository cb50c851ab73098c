import CIMChaos
import CIMCore
import Foundation
import TestSupport
import Testing

@Suite struct HistoryFileTests {
  private let directory: TemporaryDirectory
  private var path: String { "\(directory.path)/olu.jsonl" }

  private static let events: [HistoryEvent] = [
    .started(process: 7),
    .send(SentMessage(producer: "p", conversation: .lobby, counter: 3, text: "hello \"you\"\nthere")),
    .accepted(text: "hello", position: LogPosition(epoch: 5, seq: 6), isDuplicate: true),
    .refused(text: "hello", isUncertain: true, reason: "lost"),
    .shown(
      ShownMessage(
        conversation: .direct(between: UserID(1), and: UserID(2)), position: LogPosition(epoch: 5, seq: 6),
        previous: LogPosition(epoch: 5, seq: 5), sender: UserID(2), text: nil, isOwn: true)),
    .reset(conversation: .lobby, after: nil, until: LogPosition(epoch: 5, seq: 6)),
    .online(server: "s1"), .moved(server: "s2", away: 20), .gap(count: 1), .away(reason: "cut"),
    .failed(reason: "kicked"), .closed,
  ]

  init() throws { directory = try TemporaryDirectory("history") }

  @Test func `every event comes back as it was written`() throws {
    let file = try HistoryFile(path: path)
    for event in Self.events { try file.append([event]) }
    #expect(try read() == Self.events)
  }

  @Test func `a line that was cut short has not happened`() throws {
    try HistoryFile(path: path).append([.online(server: "s1")])
    try cutShort()
    #expect(try read() == [.online(server: "s1")])
    try HistoryFile(path: path).append([.away(reason: "cut")])
    #expect(try read() == [.online(server: "s1"), .away(reason: "cut")])
  }

  @Test func `a file that holds nothing but a line cut short is empty`() throws {
    _ = try HistoryFile(path: path)
    try cutShort()
    try HistoryFile(path: path).append([.closed])
    #expect(try read() == [.closed])
  }

  @Test func `a step is read with all its events, and what is to be remembered comes back in order`() throws {
    let file = try HistoryFile(path: path)
    try file.append(Array(Self.events[..<3]), memory: ["one", "two"])
    try file.append(Array(Self.events[3...]))
    try cutShort()
    let reopened = try HistoryFile(path: path)
    try reopened.append([], memory: ["three"])
    #expect(try read() == Self.events)
    #expect(try reopened.memory() == ["one", "two", "three"])
  }

  @Test func `reading goes on where it ended`() throws {
    var history = ClientHistory(user: UserID(1))
    try history.readOn(from: path)
    #expect(history.lines.isEmpty)
    let file = try HistoryFile(path: path)
    for (index, event) in Self.events.enumerated() {
      try file.append([event])
      try history.readOn(from: path)
      #expect(history.lines.map(\.event) == Array(Self.events[...index]))
    }
  }

  @Test func `the times away are those between losing a connection and the next welcome`() {
    let events: [(UInt64, HistoryEvent)] = [
      (0, .online(server: "s1")), (10, .away(reason: "cut")), (20, .away(reason: "refused")),
      (50, .online(server: "s2")),
      (55, .moved(server: "s3", away: 7)), (60, .away(reason: "cut")), (70, .started(process: 8)),
      (200, .online(server: "s1")),
    ]
    let history = ClientHistory(user: UserID(1), lines: events.map { HistoryLine(time: $0, event: $1) })
    #expect(history.awayTimes == [40, 7])
    #expect(history.isOnline)
  }

  private func read() throws -> [HistoryEvent] {
    var history = ClientHistory(user: UserID(1))
    try history.readOn(from: path)
    return history.lines.map(\.event)
  }

  private func cutShort() throws {
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("{\"time\":5,\"ev".utf8))
    try handle.close()
  }
}
