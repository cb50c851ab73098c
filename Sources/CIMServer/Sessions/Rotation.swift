import DequeModule
import NIOCore

/// Visits many, one after the other, each once in an interval: never all at once.
struct Rotation<Element: Sendable>: Sendable {
  private let interval: TimeAmount
  private var elements: Deque<Element> = []
  /// What of a visit was due and not made, as a fraction.
  private var due = 0.0
  private var last: NIODeadline

  /// - Parameter interval: how long a round takes.
  init(interval: TimeAmount, now: NIODeadline) {
    self.interval = interval
    last = now
  }

  /// How many are visited.
  var count: Int { elements.count }

  /// Takes one in: it is visited last.
  mutating func add(_ element: Element) { elements.append(element) }

  /// Who is visited now; those for whom `isThere` is false are let go.
  mutating func next(at now: NIODeadline, isThere: (Element) -> Bool) -> [Element] {
    let elapsed = Double((now - last).nanoseconds) / Double(max(1, interval.nanoseconds))
    last = now
    due = min(due + elapsed * Double(elements.count), Double(elements.count))
    var visited: [Element] = []
    while due >= 1, let element = elements.popFirst() {
      guard isThere(element) else { continue }
      due -= 1
      visited.append(element)
      elements.append(element)
    }
    return visited
  }
}
