import CIMClient
import CIMCore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import cim

@Suite struct ChatLogTests {
  private func line(_ text: String, day: Int = 23) -> ChatLogLine {
    ChatLogLine(date: "2026-11-\(day)", time: "12:03:04", text: text)
  }

  @Test("There is a file a day, for its owner alone, with a line for each message")
  func files() throws {
    let directory = try TemporaryDirectory()
    let log = ChatLogFiles(directory: "\(directory.path)/log")
    try log.append(self.line("olu (1): one", day: 22))
    try log.append(self.line("olu (1): two"))
    try log.append(self.line("olu (1): late", day: 22))
    let path = "\(directory.path)/log/2026-11-22.log"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text == "12:03:04 olu (1): one\n12:03:04 olu (1): late\n")
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: log.place ?? "").count == 2)
  }

  @Test(
    "A search finds the newest lines of all days, in whichever case, oldest first", arguments: [true, false])
  func search(inMemory: Bool) async throws {
    let directory = try TemporaryDirectory()
    let log: any ChatLog = inMemory ? InMemoryChatLog() : ChatLogFiles(directory: directory.path)
    let empty = try await log.search("x", limit: 3)
    #expect(empty.lines.isEmpty && !empty.hasMore)
    for day in 20...23 {
      try log.append(self.line("olu (1): Tea at \(day)", day: day))
      try log.append(self.line("ann (2): coffee", day: day))
    }
    let tea = try await log.search("tEA", limit: 10)
    #expect(tea.lines == (20...23).map { self.line("olu (1): Tea at \($0)", day: $0) } && !tea.hasMore)
    let coffee = try await log.search("coffee", limit: 3)
    #expect(coffee.lines.map(\.date) == ["2026-11-21", "2026-11-22", "2026-11-23"] && coffee.hasMore)
    let times = try await log.search("12:03", limit: 10)
    #expect(times.lines.isEmpty, "times are not what was said")
  }

  @Test("Another run goes on where the last one ended")
  func again() async throws {
    let directory = try TemporaryDirectory()
    for number in 1...2 {
      try ChatLogFiles(directory: directory.path).append(self.line("olu (1): run \(number)"))
    }
    let found = try await ChatLogFiles(directory: directory.path).search("run", limit: 10)
    #expect(found.lines.map(\.text) == ["olu (1): run 1", "olu (1): run 2"])
  }

  @Test("A message of several lines is one line of the log, whatever it holds")
  func oneLine() throws {
    let transcript = Transcript(
      colours: true,
      clock: WallClock(now: { Timestamp(milliseconds: 0) }, secondsEast: { _ in 0 }))
    let message = ChatMessage(
      conversation: .group(try GroupID("team")), position: LogPosition(epoch: 1, seq: 1),
      sender: Account(id: UserID(1), name: try UserName("olu")), loggedAt: Timestamp(milliseconds: 1000),
      text: "one\ntwo\u{1B}[2J")
    #expect(
      transcript.logLine(message, me: nil)
        == ChatLogLine(date: "1970-01-01", time: "00:00:01", text: "[g:team] olu (1): one ␤ two␛[2J"))
  }

  @Test("A log that can't be written is told of once, until it works again")
  func failing() throws {
    let log = FailingLog()
    let recorder = ChatRecorder(log)
    let message = ChatMessage(
      conversation: .lobby, position: LogPosition(epoch: 1, seq: 1),
      sender: Account(id: UserID(1), name: try UserName("olu")), loggedAt: Timestamp(milliseconds: 0),
      text: "hi")
    let told = [true, true, false, true].map { isFailing in
      log.isFailing.withLock { $0 = isFailing }
      return recorder.record(message, me: nil) != nil
    }
    #expect(told == [true, false, false, true])
  }

  private final class FailingLog: ChatLog {
    let isFailing = Mutex(true)
    var place: String? { nil }

    func append(_ line: ChatLogLine) throws {
      if self.isFailing.withLock(\.self) { throw FileFailure(path: "/full", reason: "no room is left") }
    }

    func search(_ keyword: String, limit: Int) -> (lines: [ChatLogLine], hasMore: Bool) { ([], false) }
  }

  @Test("Typed lines are kept for the next run, the last 500")
  func lines() throws {
    let directory = try TemporaryDirectory()
    let history = LineHistory(path: "\(directory.path)/state/lines")
    #expect(try history.load() == [])
    for number in 1...1001 { try history.append("line \(number)") }
    let expected = (502...1001).map { "line \($0)" }
    #expect(try history.load() == expected)
    #expect(try history.load() == expected, "the file was written anew")
    let path = "\(directory.path)/state/lines"
    #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 500)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }
}
