/// Who has a fault right now: nobody has two at once.
actor TargetPool {
  private var taken: Set<String> = []

  /// Takes the first of `ids` that is free, from `start` on; waits while none is.
  func take(from ids: [String], startingAt start: Int) async throws -> Int {
    while true {
      for offset in ids.indices {
        let index = (start + offset) % ids.count
        if self.taken.insert(ids[index]).inserted { return index }
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  func release(_ id: String) { self.taken.remove(id) }
}
