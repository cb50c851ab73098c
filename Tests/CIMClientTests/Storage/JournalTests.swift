import CIMCore
import Testing

@testable import CIMClient

@Suite struct JournalTests {
  @Test("Cut off at any byte, a journal gives what its whole steps made")
  func tornAnywhere() throws {
    let steps: [[ClientChange]] = try SampleChanges.all().map { [$0] } + [SampleChanges.all()]
    var bytes = Array(Journal.header.utf8)
    var records = [(end: bytes.count, record: ClientRecord())]
    for step in steps {
      bytes += Journal.line(step)
      var record = records[records.count - 1].record
      for change in step { record.apply(change) }
      records.append((bytes.count, record))
    }
    for length in 0...bytes.count {
      let expected = records.last { $0.end <= length }?.record ?? ClientRecord()
      #expect(try Journal.read(Array(bytes[..<length])) == expected, "cut at \(length)")
    }
  }

  @Test("A last line that holds something else, as after the machine's death, counts for nothing")
  func garbledTail() throws {
    let steps = try SampleChanges.all().map { Journal.line([$0]) }
    let good = Array(Journal.header.utf8) + steps.dropLast().joined()
    let expected = try Journal.read(good)
    let last = try #require(steps.last)
    for index in last.indices.dropLast() {
      var garbled = last
      garbled[index] = 0
      #expect(try Journal.read(good + garbled) == expected)
      garbled[index] = UInt8(ascii: "\n")
      #expect(try Journal.read(good + garbled) == expected)
    }
  }

  @Test("Damage before good lines is reported with its line, not passed over")
  func damaged() throws {
    var bytes = Array(Journal.header.utf8)
    for change in try SampleChanges.all() { bytes += Journal.line([change]) }
    bytes[Journal.header.utf8.count + 12] ^= 1
    #expect(throws: JournalError.damaged(line: 2)) { try Journal.read(bytes) }
  }

  @Test("Another program's file, and a later version's line, are reported")
  func foreign() throws {
    #expect(throws: JournalError.foreign) { try Journal.read(Array("#!/bin/sh\n".utf8)) }
    #expect(throws: JournalError.foreign) { try Journal.read(Array("cim client journal 2\n........".utf8)) }
    let body = Array("\tinvented lobby".utf8)
    let line = String(crc32(body), radix: 16)
    let padded = String(repeating: "0", count: 8 - line.utf8.count) + line
    let bytes = Array(Journal.header.utf8) + Array(padded.utf8) + body + [UInt8(ascii: "\n")]
    #expect(throws: JournalError.unknown(line: 2)) { try Journal.read(bytes) }
  }

  @Test("The checksum is the CRC-32 that other programs compute")
  func checksum() {
    #expect(crc32("123456789".utf8) == 0xCBF4_3926)
  }
}
