import SwiftProtobuf
import SwiftProtobufPluginLibrary

extension ProvidesSourceCodeLocation where Self: ProvidesLocationPath {
  /// The comment in front of the declaration, or behind it on the same line: its lines without the comment signs.
  var docs: [String] {
    guard let location = sourceCodeInfoLocation else { return [] }
    let text = location.hasLeadingComments ? location.leadingComments : location.trailingComments
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var line = line.hasPrefix(" ") ? line.dropFirst() : line
      while line.last?.isWhitespace == true { line.removeLast() }
      return String(line)
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// Where the declaration begins.
  var location: GenerationError.Location {
    .init(file: file.name, line: sourceCodeInfoLocation?.span.first.map { Int($0) + 1 })
  }
}
