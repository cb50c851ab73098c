import Foundation

/// What a route has answered an operator: facts, and lists of things with the same facts each. It is printed as text with
/// tables, or as JSON.
struct Report: Equatable {
  /// One fact.
  enum Value: Equatable {
    case text(String)
    case number(UInt64)
    case flag(Bool)
    /// Milliseconds since 1970.
    case time(Int64)
    case absent
  }

  /// What is known of each thing in a list.
  struct Column: Equatable {
    /// Its name in JSON.
    let key: String
    /// Its name at the head of a table; nil leaves it out of the table.
    let title: String?

    init(_ key: String, _ title: String?) {
      self.key = key
      self.title = title
    }
  }

  /// Things with the same facts each.
  struct List: Equatable {
    /// Its name in JSON.
    let key: String
    let columns: [Column]
    let rows: [[Value]]
    /// What is said in a text instead of an empty table.
    let none: String

    init(_ key: String, _ columns: [Column], rows: [[Value]], none: String) {
      self.key = key
      self.columns = columns
      self.rows = rows
      self.none = none
    }
  }

  /// What is said first, in words; it is not in the JSON.
  var opening: [String] = []
  /// Facts that are not of a list, for the JSON alone.
  var facts: [(key: String, value: Value)] = []
  var lists: [List] = []
  /// What is said last, in words; it is not in the JSON.
  var closing: [String] = []

  static func == (lhs: Report, rhs: Report) -> Bool {
    lhs.opening == rhs.opening && lhs.facts.elementsEqual(rhs.facts, by: ==) && lhs.lists == rhs.lists
      && lhs.closing == rhs.closing
  }

  // MARK: Text

  /// Lines for people. What came from users is shown without what could act on a terminal.
  func table() -> String {
    // A list of which a table would show nothing is for the JSON alone.
    let parts = self.lists.filter { $0.columns.contains { $0.title != nil } }
      .map { $0.rows.isEmpty ? [$0.none] : $0.lines }
    return (self.opening.map(Transcript.printable) + parts.joined() + self.closing.map(Transcript.printable))
      .joined(separator: "\n")
  }

  // MARK: JSON

  /// One object, with its keys in alphabetical order.
  func json() throws -> String {
    var object: [String: JSON] = [:]
    for (key, value) in self.facts { object[key] = .value(value) }
    for list in self.lists {
      object[list.key] = .list(
        list.rows.map { row in
          .object(Dictionary(uniqueKeysWithValues: zip(list.columns.map(\.key), row.map(JSON.value))))
        })
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(JSON.object(object)), as: UTF8.self)
  }
}

extension Report.List {
  /// The table, with its head.
  fileprivate var lines: [String] {
    let shown = self.columns.indices.filter { self.columns[$0].title != nil }
    let head = shown.compactMap { self.columns[$0].title }
    let body = self.rows.map { row in shown.map { row[$0].shown } }
    let widths = shown.indices.map { column in ([head] + body).map { $0[column].count }.max() ?? 0 }
    return ([head] + body).map { cells in
      let padded = zip(cells, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }
}

extension Report.Value {
  /// It as people read it.
  fileprivate var shown: String {
    switch self {
    case .text(let text): Transcript.printable(text)
    case .number(let number): "\(number)"
    case .flag(let flag): flag ? "yes" : "no"
    case .time(let milliseconds): Report.shown(milliseconds)
    case .absent: "-"
    }
  }
}

extension Report {
  /// A time as people read it, in UTC; "-" for 0, which is none.
  static func shown(_ milliseconds: Int64) -> String {
    guard milliseconds > 0 else { return "-" }
    return Date(timeIntervalSince1970: Double(milliseconds) / 1000).ISO8601Format()
  }
}

/// What a report becomes.
private enum JSON: Encodable {
  case value(Report.Value)
  case list([JSON])
  case object([String: JSON])

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .value(.text(let text)): try container.encode(text)
    case .value(.number(let number)): try container.encode(number)
    case .value(.flag(let flag)): try container.encode(flag)
    case .value(.time(let milliseconds)): try container.encode(milliseconds)
    case .value(.absent): try container.encodeNil()
    case .list(let elements): try container.encode(elements)
    case .object(let members): try container.encode(members)
    }
  }
}
