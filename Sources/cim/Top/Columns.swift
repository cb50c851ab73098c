/// A table that leaves out columns for which there is no room.
struct Columns {
  struct Column {
    let title: String
    /// The lower, the longer it stays when there is little room; those of 0 always stay.
    let rank: Int
    /// Whether its cells end at the same place, as numbers do.
    var isNumber = true
  }

  let columns: [Column]
  /// The cells of each row, one for each column.
  var rows: [[String]] = []

  /// - Parameter width: how many characters fit on a line.
  func lines(width: Int) -> [String] {
    let widths = self.columns.indices.map { index in
      ([self.columns[index].title] + self.rows.map { $0[index] }).map(\.count).max() ?? 0
    }
    let gap = 2
    var shown = Array(self.columns.indices)
    while shown.map({ widths[$0] + gap }).reduce(-gap, +) > width {
      let last = shown.max { (self.columns[$0].rank, $0) < (self.columns[$1].rank, $1) }
      guard let last, self.columns[last].rank > 0 else { break }
      shown.removeAll { $0 == last }
    }
    return ([self.columns.map(\.title)] + self.rows).map { cells in
      let line = shown.map { index in
        let padding = String(repeating: " ", count: widths[index] - cells[index].count)
        return self.columns[index].isNumber ? padding + cells[index] : cells[index] + padding
      }.joined(separator: String(repeating: " ", count: gap))
      return String(String(line.reversed().drop { $0 == " " }.reversed()).prefix(width))
    }
  }
}
