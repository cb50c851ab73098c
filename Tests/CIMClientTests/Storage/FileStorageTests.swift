import CIMCore
import Glibc
import TestSupport
import Testing

@testable import CIMClient

@Suite(.timeLimit(.minutes(1))) struct FileStorageTests {
  private let directory: TemporaryDirectory
  private let path: String

  init() throws {
    self.directory = try TemporaryDirectory()
    self.path = "\(self.directory.path)/chat/ann"
  }

  private func cursor(_ seq: UInt64) -> ClientChange { .cursor(.lobby, LogPosition(epoch: 1, seq: seq)) }

  @Test("What was saved is there the next time; a message's text is not")
  func saved() async throws {
    let storage = FileStorage(directory: self.path)
    #expect(try storage.load() == ClientRecord())
    let changes = try SampleChanges.all()
    for change in changes { try storage.save([change]) }
    try storage.save(changes)
    try await storage.synchronize()
    storage.close()
    let again = FileStorage(directory: self.path)
    #expect(try again.load() == ClientRecord(changes + changes))
    let journal = try self.journal()
    #expect(!journal.contains("message "))
  }

  @Test("A directory that a running client uses is refused, by name, until that one is closed")
  func locked() throws {
    let storage = FileStorage(directory: self.path)
    _ = try storage.load()
    let other = FileStorage(directory: self.path)
    let error = #expect(throws: ClientError.self) { try other.load() }
    #expect(error?.code == .storage)
    #expect(error?.message.contains(self.path) == true)
    #expect(error?.message.contains("in use") == true)
    storage.close()
    #expect(try other.load() == ClientRecord())
  }

  @Test("A journal that has grown is written anew, and says the same")
  func compacted() async throws {
    let storage = FileStorage(directory: self.path, compactionSize: 4096)
    _ = try storage.load()
    for seq in 1...1000 as ClosedRange<UInt64> {
      try storage.save([self.cursor(seq)])
      if seq % 50 == 0 { try await storage.synchronize() }
    }
    try storage.save([self.cursor(1001)])
    #expect(try self.journal().utf8.count < 8192)
    storage.close()
    #expect(try storage.load().cursors == [.lobby: LogPosition(epoch: 1, seq: 1001)])
  }

  @Test(
    "What was being written at the death of the program is dropped, and the next step stands where it stood")
  func torn() throws {
    let storage = FileStorage(directory: self.path)
    _ = try storage.load()
    try storage.save([self.cursor(1)])
    storage.close()
    let file = try JournalFile("\(self.path)/journal", flags: O_WRONLY | O_APPEND)
    try file.append(Array(Journal.line([self.cursor(2)]).dropLast(3)))
    #expect(try storage.load().cursors[.lobby]?.seq == 1)
    try storage.save([self.cursor(3)])
    storage.close()
    #expect(try storage.load().cursors[.lobby]?.seq == 3)
  }

  @Test("A file that is no journal is left alone, and the error says where it is and what to do")
  func foreign() throws {
    let storage = FileStorage(directory: self.path)
    _ = try storage.load()
    storage.close()
    let file = try JournalFile("\(self.path)/journal", flags: O_WRONLY | O_TRUNC)
    try file.append(Array("dear diary, today I wrote no journal\n".utf8))
    let error = #expect(throws: ClientError.self) { try storage.load() }
    #expect(error?.message.contains("\(self.path)/journal") == true)
    #expect(error?.message.contains("Move") == true)
    #expect(try self.journal().hasPrefix("dear diary"))
  }

  @Test("A directory that can't be made is an error that names it")
  func unusable() throws {
    let file = try self.directory.write("", to: "file")
    let error = #expect(throws: ClientError.self) { try FileStorage(directory: "\(file)/ann").load() }
    #expect(error?.message.contains(file) == true)
  }

  @Test("Nobody else can read the files")
  func modes() throws {
    let storage = FileStorage(directory: self.path)
    _ = try storage.load()
    for name in ["", "/journal", "/lock"] {
      var status = stat()
      #expect(stat(self.path + name, &status) == 0)
      #expect(status.st_mode & 0o077 == 0, "\(name)")
    }
  }

  @Test(
    "A process that is killed while it writes leaves every whole step, and no part of another",
    arguments: 1...5)
  func killed(run: Int) async throws {
    let path = "\(self.path)-\(run)"
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, run = run as Int] in
      let storage = FileStorage(directory: path, compactionSize: 2048)
      _ = try storage.load()
      for seq in 1... as PartialRangeFrom<UInt64> {
        let place = LogPosition(epoch: 1, seq: seq)
        try storage.save([
          .cursor(.lobby, place), .cursor(.direct(between: UserID(1), and: UserID(2)), place),
        ])
        if seq % 100 == 0 { try await storage.synchronize() }
        // Outside of what is under test: how far it has come.
        if seq % 64 == 0 { try JournalFile("\(path)/written", flags: O_WRONLY | O_APPEND).append([1]) }
        guard seq == 64 else { continue }
        Task.detached {
          try await Task.sleep(for: .milliseconds(20 * run))
          kill(getpid(), SIGKILL)
        }
      }
    }
    let record = try FileStorage(directory: path).load()
    let written = UInt64(try JournalFile("\(path)/written", flags: O_RDONLY).read().count) * 64
    let last = try #require(record.cursors[.lobby])
    #expect(last.seq >= written)
    #expect(last.seq < written + 128)
    #expect(record.cursors[.direct(between: UserID(1), and: UserID(2))] == last)
    #expect(written > 0)
  }

  private func journal() throws -> String {
    String(decoding: try JournalFile("\(self.path)/journal", flags: O_RDONLY).read(), as: UTF8.self)
  }
}
