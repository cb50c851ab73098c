/// The format of a client's journal: a text file to which every step is appended as one line.
///
/// The first line is `cim client journal 1`. Each further line is a step: the CRC-32 (IEEE 802.3) of what follows it in eight
/// hexadecimal digits, and the step's changes (`ClientChange`), each after a tab. The record is what all steps make of an
/// empty one. A step whose line has no end, or not that checksum, was being written when the program or the machine died: it
/// and what follows it never happened. Only what was not synchronized can be in that state, so it is always the file's end.
enum Journal {
  static let header = "cim client journal 1\n"

  /// A step's line.
  static func line(_ changes: [ClientChange]) -> [UInt8] {
    let body = Array(changes.lazy.map { "\t\($0)" }.joined().utf8)
    return Self.checksum(body) + body + [UInt8(ascii: "\n")]
  }

  /// A whole journal that makes a record.
  static func snapshot(_ record: ClientRecord) -> [UInt8] {
    // A step for each change: lines stay short however much there is.
    Array(Self.header.utf8) + record.changes.flatMap { Self.line([$0]) }
  }

  /// Reads a journal.
  ///
  /// - Throws: `JournalError` when it is none, or when it is damaged in another way than by a death while it was written.
  static func read(_ bytes: [UInt8]) throws(JournalError) -> ClientRecord {
    var record = ClientRecord()
    // A journal takes its name when it is whole, so an incomplete header is an empty file's.
    guard bytes.count >= Self.header.utf8.count else {
      guard Self.header.utf8.starts(with: bytes) else { throw .foreign }
      return record
    }
    guard bytes.starts(with: Self.header.utf8) else { throw .foreign }
    var rest = bytes.dropFirst(Self.header.utf8.count)
    var number = 1
    var firstBroken: Int?
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let line = rest[..<end]
      rest = rest[(end + 1)...]
      number += 1
      guard let body = Self.body(of: line) else {
        firstBroken = firstBroken ?? number
        continue
      }
      if let firstBroken { throw .damaged(line: firstBroken) }
      for change in body.split(separator: "\t", omittingEmptySubsequences: false).dropFirst() {
        guard let change = ClientChange(String(change)) else { throw .unknown(line: number) }
        record.apply(change)
      }
    }
    return record
  }

  /// What stands behind a line's checksum, when that is right.
  private static func body(of line: ArraySlice<UInt8>) -> String? {
    let body = line.dropFirst(8)
    guard Array(line.prefix(8)) == Self.checksum(body) else { return nil }
    return String(decoding: body, as: UTF8.self)
  }

  private static func checksum(_ body: some Sequence<UInt8>) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    let crc = crc32(body)
    return (0..<8).map { digits[Int(crc >> (28 - 4 * $0) & 15)] }
  }
}

/// Why a journal can't be read.
enum JournalError: Error, Equatable, CustomStringConvertible {
  /// It does not begin as a journal of this version does.
  case foreign
  /// A line is damaged, although others follow that are not.
  case damaged(line: Int)
  /// A line is in order, and says something that this version does not know.
  case unknown(line: Int)

  var description: String {
    switch self {
    case .foreign: "it is no journal of this version of cim"
    case .damaged(let line): "line \(line) is damaged, and good ones follow it: the disk has changed it"
    case .unknown(let line): "line \(line) was written by a later version of cim"
    }
  }
}
