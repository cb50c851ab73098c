/// Chooses a target for each call: each in its turn, those without room left out.
struct Picker<Target> {
  private let targets: [Target]
  private var next: Int

  /// - Parameter start: picks begin anywhere, so that many clients do not all begin with the same server.
  init(_ targets: [Target] = [], start: Int = 0) {
    self.targets = targets
    next = targets.isEmpty ? 0 : start % targets.count
  }

  /// - Returns: nil when no target has room.
  mutating func pick(where hasRoom: (Target) -> Bool) -> Target? {
    for _ in targets.indices {
      let target = targets[next]
      next = next + 1 == targets.count ? 0 : next + 1
      if hasRoom(target) { return target }
    }
    return nil
  }
}
