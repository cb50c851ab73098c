import NIOCore

/// The deadlines of many behind one timer: inserting costs the same however many there are, and nothing is ever
/// searched. An element comes out at its deadline or up to one tick later.
struct TimingWheel<Element> {
  private struct Entry {
    let element: Element
    /// The tick at whose end it is due.
    let tick: Int64
  }

  /// How long a tick lasts.
  let tick: TimeAmount
  private let origin: NIODeadline
  private var slots: [[Entry]]
  /// All ticks up to this one are over.
  private var passed: Int64 = 0

  /// - Parameters:
  ///   - slots: deadlines up to that many ticks ahead are looked at once; later ones once more in each turn.
  init(tick: TimeAmount, slots: Int, now: NIODeadline) {
    precondition(tick > .zero && slots > 0)
    self.tick = tick
    self.slots = Array(repeating: [], count: slots)
    origin = now
  }

  /// Has `element` come out at `deadline`; in the next tick if that is over.
  mutating func insert(_ element: Element, at deadline: NIODeadline) {
    let nanoseconds = (deadline - origin).nanoseconds
    let due = max(passed + 1, (nanoseconds + tick.nanoseconds - 1) / tick.nanoseconds)
    slots[slot(of: due)].append(Entry(element: element, tick: due))
  }

  /// Moves on to `now`.
  ///
  /// - Returns: what is due, in no order.
  mutating func advance(to now: NIODeadline) -> [Element] {
    let current = (now - origin).nanoseconds / tick.nanoseconds
    guard current > passed else { return [] }
    var due: [Element] = []
    // One turn visits every slot, however late the timer is.
    for tick in (passed + 1)...min(current, passed + Int64(slots.count)) {
      let index = slot(of: tick)
      guard !slots[index].isEmpty else { continue }
      var later: [Entry] = []
      for entry in slots[index] {
        if entry.tick <= current { due.append(entry.element) } else { later.append(entry) }
      }
      slots[index] = later
    }
    passed = current
    return due
  }

  private func slot(of tick: Int64) -> Int { Int(tick % Int64(slots.count)) }
}
