import NIOPosix
import Synchronization

/// Keeps what a client must know in a directory: a journal to which each step is appended in one write.
///
/// What was saved survives the death of the program at any moment. What was saved in the last fraction of a second before the
/// death of the *machine* may be lost: then messages received in that time are delivered again, and those sent in it are either
/// in their log already or were never sent. A number is never given to two messages: every start begins new producers.
///
/// A second client can't use a directory that is in use. The files are readable for their owner alone, and hold what was sent
/// and not answered yet as plain text; received messages are not kept.
///
/// The directory has two files: `lock`, which a running client holds by `flock(2)`, and `journal`, a text file. Its first line is
/// `cim client journal 1`. Each further line is one step: the CRC-32 (IEEE 802.3) of the rest of the line in eight hexadecimal
/// digits, then the step's changes (`ClientChange.description`), each after a tab. A line without its end or with
/// another checksum at the end of the file was being written at the death of the program, and counts for nothing. The
/// journal is written anew, to `journal.new`, which then takes its name, when it is loaded and when it has grown.
public final class FileStorage: ClientStorage {
  private enum State {
    case closed
    case open(Journaling)
    /// Part of a step may stand in the file: no other can follow it.
    case broken(ClientError)
  }

  private struct Journaling {
    let lock: JournalFile
    var file: JournalFile
    var size: Int
    /// How large the journal was when it was written anew last.
    var compactedSize: Int
    var record: ClientRecord
  }

  /// Where the files are.
  public let directory: String

  private let compactionSize: Int
  private let state = Mutex(State.closed)

  /// Names a directory; nothing is opened before `load`, which makes it if need be.
  ///
  /// - Parameters:
  ///   - directory: A path.
  ///   - compactionSize: The journal is written anew when it has as many bytes and is four times as large as it was after the last
  ///     time; 256 KiB by default.
  public init(directory: String, compactionSize: Int = 262_144) {
    self.directory = directory
    self.compactionSize = compactionSize
  }

  /// False: of a received message only its place is kept.
  public var keepsMessages: Bool { false }

  public func load() throws(ClientError) -> ClientRecord {
    try self.state.withLock { state throws(ClientError) in
      guard case .closed = state else { throw self.inUse }
      try JournalFile.makeDirectory(self.directory)
      let lock = try JournalFile("\(self.directory)/lock", flags: O_RDWR)
      guard try lock.lock() else { throw self.inUse }
      let record = try self.readJournal()
      let (file, size) = try self.writeAnew(record)
      state = .open(Journaling(lock: lock, file: file, size: size, compactedSize: size, record: record))
      return record
    }
  }

  public func save(_ changes: [ClientChange]) throws(ClientError) {
    let line = Journal.line(changes.map(\.reduced))
    try self.state.withLock { state throws(ClientError) in
      var journaling = try self.journaling(state)
      do throws(ClientError) {
        try journaling.file.append(line)
      } catch {
        // A part of the line would make the next one unreadable.
        do throws(ClientError) {
          try journaling.file.truncate(to: journaling.size)
        } catch {
          state = .broken(error)
        }
        throw error
      }
      // Not copied by the changes that follow.
      state = .closed
      journaling.size += line.count
      for change in changes { journaling.record.apply(change) }
      state = .open(journaling)
    }
  }

  /// Waits for the disk on a thread that may block.
  public func synchronize() async throws {
    try await NIOThreadPool.singleton.runIfActive { try self.synchronizeBlocking() }
  }

  public func close() {
    self.state.withLock { $0 = .closed }
  }

  private func synchronizeBlocking() throws(ClientError) {
    let file = try self.state.withLock { state throws(ClientError) -> JournalFile? in
      var journaling = try self.journaling(state)
      let bound = max(self.compactionSize, 4 * journaling.compactedSize)
      guard journaling.size >= bound else { return journaling.file }
      let (file, size) = try self.writeAnew(journaling.record)
      (journaling.file, journaling.size, journaling.compactedSize) = (file, size, size)
      state = .open(journaling)
      return nil
    }
    try file?.synchronize()
  }

  private func journaling(_ state: State) throws(ClientError) -> Journaling {
    switch state {
    case .open(let journaling): return journaling
    case .broken(let error): throw error
    case .closed: throw ClientError(.storage, "the storage in \(self.directory) is closed: load it first")
    }
  }

  private func readJournal() throws(ClientError) -> ClientRecord {
    let path = "\(self.directory)/journal"
    let bytes = try JournalFile(path, flags: O_RDWR).read()
    do throws(JournalError) {
      return try Journal.read(bytes)
    } catch {
      throw ClientError(
        .storage,
        "\(path) can't be used: \(error). Move \(self.directory) away to begin anew; what was not sent stands in that file."
      )
    }
  }

  /// Puts a journal that makes the record in the place of the one that is there.
  private func writeAnew(_ record: ClientRecord) throws(ClientError) -> (JournalFile, size: Int) {
    let bytes = Journal.snapshot(record)
    let path = "\(self.directory)/journal.new"
    let file = try JournalFile(path, flags: O_WRONLY | O_APPEND | O_TRUNC)
    try file.append(bytes)
    try file.synchronize()
    try JournalFile.rename(path, to: "\(self.directory)/journal", in: self.directory)
    return (file, bytes.count)
  }

  private var inUse: ClientError {
    ClientError(
      .storage,
      "\(self.directory) is in use by another client that runs: end that one, or give this one a directory of its own"
    )
  }
}

extension ClientChange {
  /// With no more than the record takes of it: of a message, its place.
  fileprivate var reduced: Self {
    switch self {
    case .message(let message): .cursor(message.conversation, message.position)
    case .membership(let entry): .cursor(entry.conversation, entry.position)
    default: self
    }
  }
}
