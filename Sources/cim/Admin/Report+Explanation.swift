import CIMProtos

extension Report {
  /// What became of a message.
  init(_ answer: CimV1.ExplainMessageResponse, conversation: String, position: String) {
    self.opening =
      ["\(conversation) \(position), as route \(answer.routeID) sees it:", Self.place(answer)]
      + Self.frames(answer, conversation)
      + answer.receivers.map(Self.line)
      + (answer.nextPageToken.isEmpty ? [] : ["There are more receivers: name one, or raise the limit."])
    self.facts = Self.facts(answer, conversation, position)
    self.lists = [
      List(
        "receivers",
        [
          Column("user_id", nil), Column("name", nil), Column("state", nil), Column("explanation", nil),
          Column("cursor", nil), Column("marked_at_ms", nil),
        ],
        rows: answer.receivers.map(Self.receiver), none: "Nobody is to have it."),
      List(
        "devices",
        [
          Column("user_id", nil), Column("name", "USER"), Column("device_id", "DEVICE"),
          Column("has_it", "HAS IT"),
          Column("cursor", "IS AT"), Column("server_id", "SERVER"), Column("is_linked", "LINK UP"),
        ],
        rows: answer.receivers.flatMap(Self.devices), none: "None of them has a device that is logged in."),
    ]
  }

  private static func place(_ answer: CimV1.ExplainMessageResponse) -> String {
    let tail = answer.tail.map { "the log reaches to \($0.text)" } ?? "the log is empty"
    switch answer.state {
    case .logged:
      guard let message = answer.message else { return "It is in the log; \(tail)." }
      let sender = message.sender.map { "\($0.name) (\($0.id))" } ?? "somebody"
      let number =
        message.sendID.map { "as number \($0.counter) of producer \($0.producer)" } ?? "by a call of Route"
      let previous = message.previous.map { "after \($0.text)" } ?? "as the first of all"
      return """
        Logged at \(shown(message.loggedAtMs)) \(previous), sent by \(sender) \(number), \(message.contentBytes) bytes; \(tail).
        """
    case .gone: return "The log does not have it any more: it was trimmed, or lost with a store; \(tail)."
    case .notYet: return "No such message yet; \(tail)."
    default: return "Where it stands is told in a way that this version does not know."
    }
  }

  private static func frames(_ answer: CimV1.ExplainMessageResponse, _ conversation: String) -> [String] {
    guard !conversation.hasPrefix("p:") else { return [] }
    return answer.interestedServers.isEmpty
      ? ["No server has told of a member that is connected: nothing was pushed, or nothing would be now."]
      : [
        "Pushed in one frame to each server with members connected: \(answer.interestedServers.joined(separator: ", "))."
      ]
  }

  private static func line(_ receiver: CimV1.ReceiverDelivery) -> String {
    "\(receiver.user?.name ?? "?") (\(receiver.user?.id ?? 0)): \(word(receiver.state)). \(receiver.explanation)"
  }

  private static func word(_ state: CimV1.DeliveryState) -> String {
    switch state {
    case .delivered: "delivered"
    case .onItsWay: "on its way"
    case .waiting: "waiting"
    case .notForReceiver: "not for this user"
    case .gone: "gone"
    default: "unknown"
    }
  }

  // MARK: For JSON

  private static func facts(
    _ answer: CimV1.ExplainMessageResponse, _ conversation: String, _ position: String
  ) -> [(key: String, value: Value)] {
    let state =
      switch answer.state {
      case .logged: "logged"
      case .gone: "gone"
      case .notYet: "not yet"
      default: "unknown"
      }
    let message = answer.message
    return [
      ("route_id", .text(answer.routeID)), ("conversation", .text(conversation)),
      ("position", .text(position)),
      ("state", .text(state)), ("tail", answer.tail.value), ("previous", message?.previous.value ?? .absent),
      ("sender_id", message?.sender.map { .number($0.id) } ?? .absent),
      ("logged_at_ms", message.map { .time($0.loggedAtMs) } ?? .absent),
      ("producer", message?.sendID.map { .text($0.producer) } ?? .absent),
      ("counter", message?.sendID.map { .number($0.counter) } ?? .absent),
      ("interested_servers", .text(answer.interestedServers.joined(separator: ","))),
    ]
  }

  private static func receiver(_ receiver: CimV1.ReceiverDelivery) -> [Value] {
    [
      .number(receiver.user?.id ?? 0), .text(receiver.user?.name ?? ""), .text(word(receiver.state)),
      .text(receiver.explanation), receiver.cursor.value,
      receiver.markedAtMs == 0 ? .absent : .time(receiver.markedAtMs),
    ]
  }

  private static func devices(_ receiver: CimV1.ReceiverDelivery) -> [[Value]] {
    receiver.devices.map { device in
      [
        .number(receiver.user?.id ?? 0), .text(receiver.user?.name ?? ""), .text(device.deviceID),
        .flag(device.hasIt), device.cursor.value, device.session.map { .text($0.serverID) } ?? .absent,
        device.session.map { _ in .flag(device.isLinked) } ?? .absent,
      ]
    }
  }
}

extension CimV1.LogPosition {
  fileprivate var text: String { "\(epoch)-\(seq)" }
}

extension CimV1.LogPosition? {
  fileprivate var value: Report.Value { map { .text($0.text) } ?? .absent }
}
