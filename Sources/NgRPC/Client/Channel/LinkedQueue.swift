/// What a queue keeps in its elements.
struct QueueLinks<Element: AnyObject> {
  fileprivate var next: Element?
  fileprivate unowned var previous: Element?
  fileprivate var isQueued = false
}

/// Something that waits in at most one queue at a time.
protocol Queueable: AnyObject {
  var links: QueueLinks<Self> { get set }
}

/// Waits in order, and leaves at once from any place.
struct LinkedQueue<Element: Queueable> {
  private var first: Element?
  private var last: Element?

  var isEmpty: Bool { first == nil }

  mutating func append(_ element: Element) {
    precondition(!element.links.isQueued, "an element waits in one place")
    element.links = QueueLinks(next: nil, previous: last, isQueued: true)
    if let last { last.links.next = element } else { first = element }
    last = element
  }

  mutating func popFirst() -> Element? {
    guard let element = first else { return nil }
    remove(element)
    return element
  }

  /// Does nothing when the element does not wait.
  mutating func remove(_ element: Element) {
    let links = element.links
    guard links.isQueued else { return }
    if let previous = links.previous { previous.links.next = links.next } else { first = links.next }
    if let next = links.next { next.links.previous = links.previous } else { last = links.previous }
    element.links = QueueLinks()
  }

  /// Empties the queue.
  mutating func removeAll() -> [Element] {
    var elements: [Element] = []
    while let element = popFirst() { elements.append(element) }
    return elements
  }
}
