import CIMCore
import CIMProtos
import DequeModule

/// The sends of one session that were passed to routes and are not answered yet, in the order in which they came.
///
/// While a conversation has sends under way it stays on their link, so that none overtakes another.
struct SendWindow: Sendable {
  /// How much may be under way.
  struct Limits: Sendable, Hashable {
    /// How many sends.
    var count: Int
    /// How many bytes of content; a single send may be larger.
    var bytes: Int
  }

  /// A send under way.
  struct Pending: Sendable {
    /// Names it within the session.
    let number: UInt64
    let send: CimV1.Send
    fileprivate(set) var link: LinkID
    fileprivate let bytes: Int
  }

  private let limits: Limits
  private var pending: Deque<Pending> = []
  private var bytes = 0
  private var lastNumber: UInt64 = 0

  init(limits: Limits) { self.limits = limits }

  /// How many are under way.
  var count: Int { pending.count }

  /// The link that a send to `conversation` has to take because others to it are under way there.
  func link(of conversation: String) -> LinkID? {
    pending.last { $0.send.sendID?.conversation == conversation }?.link
  }

  /// Whether another send fits in.
  func hasRoom(for send: CimV1.Send) -> Bool {
    pending.isEmpty || pending.count < limits.count && bytes + Self.byteCount(send) <= limits.bytes
  }

  /// Keeps a send that goes over `link` until it is answered.
  mutating func add(_ send: CimV1.Send, over link: LinkID) -> Pending {
    lastNumber += 1
    let entry = Pending(number: lastNumber, send: send, link: link, bytes: Self.byteCount(send))
    pending.append(entry)
    bytes += entry.bytes
    return entry
  }

  /// A send was answered.
  ///
  /// - Returns: whether it was still under way.
  mutating func remove(_ number: UInt64) -> Bool {
    guard let index = pending.firstIndex(where: { $0.number == number }) else { return false }
    bytes -= pending[index].bytes
    pending.remove(at: index)
    return true
  }

  /// A link is gone: what was under way on it takes another.
  ///
  /// - Parameter choose: the link for a conversation; nil when there is none.
  /// - Returns: what is to be sent again, and what can't be, each in order. The latter is not under way any more.
  mutating func move(
    from link: LinkID, choose: (String) -> LinkID?
  ) -> (again: [Pending], unsent: [Pending]) {
    var again: [Pending] = []
    var unsent: [Pending] = []
    for index in pending.indices where pending[index].link == link {
      if let other = choose(pending[index].send.sendID?.conversation ?? "") {
        pending[index].link = other
        again.append(pending[index])
      } else {
        unsent.append(pending[index])
      }
    }
    for entry in unsent { _ = remove(entry.number) }
    return (again, unsent)
  }

  /// The links on which something is under way.
  var links: Set<LinkID> { Set(pending.map(\.link)) }

  private static func byteCount(_ send: CimV1.Send) -> Int {
    send.content?.byteCount ?? 0
  }
}
