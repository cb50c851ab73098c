import NIOCore

/// The connections of a server, how many each address has, and what waits for the last to end.
struct OpenConnections {
  /// An entry's key, never used twice.
  typealias ID = UInt64

  /// What becomes of a connection that was accepted.
  enum Admission: Equatable {
    case admitted(ID)
    case refused(Reason)

    enum Reason: String {
      case stopping = "the server is shutting down"
      case tooMany = "the server has as many connections as it may"
      case tooManyOfAddress = "the address has as many connections as it may"
    }
  }

  typealias Connection = NIOLoopBound<ServerConnection>

  private let limits: RPCServer.Configuration.Limits
  private var connections: [ID: (connection: Connection, eventLoop: any EventLoop, address: String?)] = [:]
  private var countOfAddress: [String: Int] = [:]
  private var nextID: ID = 0
  private var deadlines: [ObjectIdentifier: NIOLoopBound<DeadlineQueue>] = [:]
  private var drained: [EventLoopPromise<Void>] = []
  private(set) var isStopping = false

  init(_ limits: RPCServer.Configuration.Limits) { self.limits = limits }

  var count: Int { connections.count }

  /// All that are open, each with its event loop.
  var all: [(connection: Connection, eventLoop: any EventLoop)] {
    connections.values.map { ($0.connection, $0.eventLoop) }
  }

  /// The deadlines of an event loop's connections. On that loop.
  mutating func deadlines(of eventLoop: any EventLoop) -> DeadlineQueue {
    let id = ObjectIdentifier(eventLoop)
    if let queue = deadlines[id] { return queue.value }
    let queue = DeadlineQueue(eventLoop: eventLoop)
    deadlines[id] = NIOLoopBound(queue, eventLoop: eventLoop)
    return queue
  }

  /// - Parameter address: the client's IP address; nil for one that has none.
  mutating func admit(
    _ connection: Connection, on eventLoop: any EventLoop, from address: String?
  ) -> Admission {
    if isStopping { return .refused(.stopping) }
    if let limit = limits.maxConnections, connections.count >= limit { return .refused(.tooMany) }
    // Counted only where there is a limit: an entry per address is memory, too.
    let address = limits.maxConnectionsPerAddress == nil ? nil : address
    if let limit = limits.maxConnectionsPerAddress, let address {
      guard countOfAddress[address, default: 0] < limit else { return .refused(.tooManyOfAddress) }
      countOfAddress[address, default: 0] += 1
    }
    nextID += 1
    connections[nextID] = (connection, eventLoop, address)
    return .admitted(nextID)
  }

  /// A connection has ended.
  ///
  /// - Returns: what waited for the last one, if it was that.
  mutating func remove(_ id: ID) -> [EventLoopPromise<Void>] {
    if let address = connections.removeValue(forKey: id)?.address, let count = countOfAddress[address] {
      countOfAddress[address] = count > 1 ? count - 1 : nil
    }
    guard connections.isEmpty else { return [] }
    defer { drained = [] }
    return drained
  }

  /// Admits no more.
  ///
  /// - Parameter promise: succeeded when the last has ended.
  /// - Returns: false when none is open: the promise is left alone.
  mutating func stop(_ promise: EventLoopPromise<Void>) -> Bool {
    isStopping = true
    guard !connections.isEmpty else { return false }
    drained.append(promise)
    return true
  }
}
