import CIMCore
import CIMProtos
import Logging
import NgRPC

/// What all parts of a route share, and what is done with what servers say.
final class RouteCore: Sendable {
  let configuration: RouteConfiguration
  /// Names this start of the route to servers.
  let routeID: String
  let stores: Stores
  let accounts: KnownAccounts
  let links: LinkSet
  let counters = RouteCounters()
  let intake: Intake
  let desk: SessionDesk
  let logger: Logger
  private let lost: LostDeliveries

  init(configuration: RouteConfiguration, stores: Stores, balancer: any Balancer, logger: Logger) {
    self.configuration = configuration
    self.stores = stores
    self.logger = logger
    routeID = ServerInstance(id: configuration.id, incarnation: .random()).description
    accounts = KnownAccounts(store: stores.accounts, capacity: configuration.maxKnownAccounts)
    links = LinkSet(balancer: balancer)
    let delivery = Delivery(sessions: stores.sessions, links: links)
    desk = SessionDesk(
      stores: stores, accounts: accounts, links: links, persistence: Persistence(logger: logger),
      logger: logger)
    lost = LostDeliveries(
      stores: stores, delivery: delivery, links: links, desk: desk, grace: configuration.unknownSessionGrace,
      logger: logger)
    intake = Intake(
      configuration: configuration, log: stores.log, accounts: accounts, delivery: delivery, lost: lost,
      counters: counters, logger: logger)
  }

  /// Handles what a server says. Called on the link's event loop; what has to wait for a store goes on elsewhere.
  func handle(_ frame: CimV1.LinkResponse.Frame, from origin: LinkOrigin) {
    switch frame {
    case .sessionOpened(let opened):
      Task {
        let outcome = await self.desk.open(opened, on: origin.link.instance)
        origin.reply(
          .sessionResult(CimV1.SessionResult(requestID: opened.requestID, outcome: outcome))
        ) {
          // The server will ask again on another link; nobody is online by this session.
          guard case .granted(let granted) = outcome else { return }
          self.desk.close(
            CimV1.SessionRef(
              userID: granted.user?.id ?? 0, deviceID: opened.deviceID, sessionEpoch: granted.sessionEpoch))
        }
      }
    case .sessionClosed(let closed):
      if let session = closed.session { desk.close(session) }
    case .send(let send): accept(send, from: origin)
    case .notHere(let notHere):
      counters.notHere.count()
      Task { await self.lost.take(notHere) }
    case .ack, .sync, .tailsQuery, .deliverAck: counters.ignoredFrames.count()
    case .hello, .interest, .ping: counters.ignoredFrames.count()
    }
  }

  private func accept(_ send: CimV1.LinkSend, from origin: LinkOrigin) {
    let sendID = send.send?.sendID
    let answer: @Sendable (Verdict) -> Void = { verdict in
      let outcome: CimV1.SendResult.Outcome =
        switch verdict {
        case .accepted(let entry, let duplicate): .accepted(CimV1.Accepted(entry, duplicate: duplicate))
        case .refused(let refused): .refused(refused)
        }
      origin.reply(
        .sendResult(
          CimV1.LinkSendResult(
            requestID: send.requestID, result: CimV1.SendResult(sendID: sendID, outcome: outcome))))
    }
    do throws(InvalidSubmission) {
      intake.submit(try Submission(send), answer)
    } catch {
      answer(.refused(error.refusal))
    }
  }
}
