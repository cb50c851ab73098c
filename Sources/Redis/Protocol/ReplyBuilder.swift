/// Puts a reply together from its parts in the order in which a parser meets them.
///
/// An array is announced before its elements and is complete with the last of them.
final class ReplyBuilder {
  private struct OpenArray {
    var elements: [RedisValue]
    let count: Int
  }

  /// What an announced length may reserve: a length is a claim, and only elements that came cost memory.
  private static let maximumReservation = 1024

  private var open: [OpenArray] = []
  private var completed: RedisValue?

  /// Takes the next value: the whole reply, or the next element of the innermost open array.
  func add(_ value: RedisValue) {
    var value = value
    while let last = open.indices.last {
      open[last].elements.append(value)
      if open[last].elements.count < open[last].count { return }
      value = .array(open.removeLast().elements)
    }
    completed = value
  }

  /// Takes the beginning of an array of `count` elements, 0 or more.
  func addArray(count: Int) {
    guard count > 0 else { return add(.array([])) }
    var elements: [RedisValue] = []
    elements.reserveCapacity(min(count, Self.maximumReservation))
    open.append(OpenArray(elements: elements, count: count))
  }

  /// Gives the complete reply away; nil when there is none yet.
  func takeCompleted() -> RedisValue? {
    defer { completed = nil }
    return completed
  }
}
