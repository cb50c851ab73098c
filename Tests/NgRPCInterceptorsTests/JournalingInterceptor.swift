import NIOCore
import NgRPC

/// Writes down all that it is told, on either side.
struct JournalingInterceptor: ServerInterceptor, ClientInterceptor {
  let name: String
  let journal: Journal<String>

  func intercept(_ call: inout ServerContext) -> ServerInterception {
    journal.append("\(name) intercepts \(call.isRegistered ? "" : "unregistered ")\(call.method)")
    return ServerInterception(observer: Observer(name: name, journal: journal))
  }

  func intercept(_ call: inout ClientContext) -> sending ClientInterception {
    journal.append("\(name) intercepts \(call.method)")
    call.options.metadata.add(name, for: "passed")
    return ClientInterception(observer: Observer(name: name, journal: journal))
  }

  final class Observer: ServerCallObserver, ClientCallObserver {
    private let name: String
    private let journal: Journal<String>

    init(name: String, journal: Journal<String>) {
      self.name = name
      self.journal = journal
    }

    func sendingInitialMetadata(_ metadata: inout Metadata) {
      metadata.add(name, for: "head")
      journal.append("\(name) sends head")
    }
    func started(on peer: SocketAddress?) { journal.append("\(name) started") }
    func receivedInitialMetadata(_ metadata: Metadata) { journal.append("\(name) received head") }
    func received(_ message: MessageSize) { journal.append("\(name) received \(message.messageBytes)") }
    func sent(_ message: MessageSize) { journal.append("\(name) sent \(message.wireBytes)") }
    func sendingStatus(_ status: inout RPCError) {
      status.metadata.add(name, for: "tail")
      journal.append("\(name) sends \(status.code)")
    }
    func ended(_ status: RPCError, after duration: Duration) {
      journal.append("\(name) ended \(status.code)")
    }
  }
}
