extension RandomAccessCollection {
  /// The index of the first element for which `predicate` holds, `endIndex` if there is none, by binary search.
  ///
  /// - Parameter predicate: false for all elements before some index, true from there on.
  func partitionIndex(where predicate: (Element) -> Bool) -> Index {
    var low = self.startIndex
    var count = self.count
    while count > 0 {
      let half = count / 2
      let middle = self.index(low, offsetBy: half)
      if predicate(self[middle]) {
        count = half
      } else {
        low = self.index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
