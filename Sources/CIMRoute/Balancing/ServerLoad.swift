/// How many clients a server has, as a route knows it: what the server told last, and those whom this route has sent there
/// since, so that a burst of logins is spread although no server has told of them yet.
///
/// Whom other routes have sent there since is not known. Who was sent there and never came counts until the server's next
/// word, which comes every second.
struct ServerLoad: Sendable, Hashable {
  private var told = 0
  private var sentSince = 0

  /// How many clients it has.
  var connections: Int { told + sentSince }

  /// The server has told how many clients are connected to it.
  mutating func tell(_ connections: Int) { self = ServerLoad(told: connections) }

  /// A client is sent there.
  mutating func send() { sentSince += 1 }

  private init(told: Int) { self.told = told }

  /// Of a server that has told nothing yet.
  init() {}
}
