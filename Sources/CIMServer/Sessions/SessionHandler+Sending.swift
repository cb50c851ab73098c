import CIMProtos

/// What the client says, on its way to the log.
extension SessionHandler {
  /// Passes a message on to a route, which answers it.
  func relay(_ send: CimV1.Send) {
    guard let identity = machine.identity else { return }
    for link in sends.links where core.links.link(link) == nil { resend(lostOn: link) }
    guard sends.hasRoom(for: send) else {
      return refuse(
        send,
        "More than \(core.configuration.maxSendsInFlight) messages or "
          + "\(core.configuration.maxSendBytesInFlight) bytes are under way; wait for answers, then send it again."
      )
    }
    let conversation = send.sendID?.conversation ?? ""
    guard
      let link = sends.link(of: conversation).flatMap(core.links.link) ?? core.links.choose(for: conversation)
    else {
      return refuse(send, Self.noRoute)
    }
    let pending = sends.add(send, over: link.id)
    if !link.push(.send(send, by: identity, from: address, number: pending.number)) {
      resend(lostOn: link.id)
    }
  }

  /// A route has answered.
  func answered(_ result: CimV1.SendResult, number: UInt64) {
    // A send that was passed on twice can be answered twice.
    guard sends.remove(number) else { return }
    if case .accepted = result.outcome { core.counters.sent.count() }
    send(.sendResult(result))
  }

  /// A message of this client has reached its receiver.
  func delivered(_ delivered: CimV1.Delivered) { send(.delivered(delivered)) }

  /// Passes on again what was under way on a link that is gone.
  func resend(lostOn link: LinkID) {
    guard let identity = machine.identity else { return }
    let (again, unsent) = sends.move(from: link) { conversation in core.links.choose(for: conversation)?.id }
    for pending in again {
      let command = LinkCommand.send(pending.send, by: identity, from: address, number: pending.number)
      // A link that takes nothing has gone since it was chosen, and is not chosen again.
      if core.links.link(pending.link)?.push(command) != true { resend(lostOn: pending.link) }
    }
    for pending in unsent { refuse(pending.send, Self.noRoute) }
  }

  private static let noRoute = "No route is linked to this server at the moment; send it again."

  /// Answers a message that can be sent again later.
  func refuse(_ send: CimV1.Send, _ detail: String) {
    let refused = CimV1.Refused(reason: .unavailable, detail: detail)
    self.send(.sendResult(CimV1.SendResult(sendID: send.sendID, outcome: .refused(refused))))
  }
}
