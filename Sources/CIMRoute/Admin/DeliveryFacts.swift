import CIMCore
import CIMProtos

/// What is known of one message and one of its receivers: what became of it follows from that.
struct DeliveryFacts: Sendable {
  /// A device that is logged in or connected.
  struct Device: Sendable, Hashable {
    let id: DeviceID
    /// How far it is in the conversation.
    var cursor: LogPosition?
    /// Its connection to a server that is alive; nil when there is none.
    var session: CIMCore.Session?
    /// Whether this route has a link to that server.
    var isLinked = false
  }

  /// The message's place.
  let position: LogPosition
  /// Where it stands.
  let log: CimV1.LogState
  let conversation: Conversation
  /// Why it is not for this user; nil when it is.
  var exclusion: String?
  /// Whether it is this user who said it.
  var isSender = false
  /// How far the furthest of the user's devices is.
  var cursor: LogPosition?
  /// Since when the user is marked.
  var markedAt: Timestamp?
  var devices: [Device] = []

  func hasIt(_ device: Device) -> Bool { device.cursor.map { $0 >= position } ?? false }

  /// What became of the message, and what is to happen next.
  var verdict: (state: CimV1.DeliveryState, explanation: String) {
    if let exclusion { return (.notForReceiver, exclusion) }
    if let cursor, cursor >= position { return (.delivered, delivered(cursor)) }
    switch log {
    case .notYet: return (.waiting, "The log does not reach as far: there is nothing to deliver yet.")
    case .gone:
      return (
        .gone,
        "No device has acknowledged it, and the log does not have it any more: a device that connects is told of the gap."
      )
    default: break
    }
    let connected = devices.filter { $0.session != nil }
    let whose = isSender ? "The user said it; it comes to the user's other devices as well. " : ""
    guard !connected.isEmpty else { return (.waiting, "\(whose)\(waiting) \(how)") }
    return (
      .onItsWay, "\(whose)No device has acknowledged it. " + connected.map(onItsWay).joined(separator: " ")
    )
  }

  private func delivered(_ cursor: LogPosition) -> String {
    let (having, lacking) = (devices.filter(hasIt), devices.filter { !hasIt($0) })
    var text =
      having.isEmpty
      ? "A device that is not logged in any more has stored everything up to \(cursor)."
      : "Stored by \(having.map(\.id.rawValue).joined(separator: ", "))."
    if !lacking.isEmpty {
      text +=
        " Not yet by \(lacking.map(\.id.rawValue).joined(separator: ", ")): each device goes its own way."
    }
    return text
  }

  private func onItsWay(_ device: Device) -> String {
    let server = device.session?.instance.id.rawValue ?? ""
    return device.isLinked
      ? "\(device.id) is connected to \(server), which this route reaches: it is on the link, or is fetched from the log within seconds."
      : "\(device.id) is connected to \(server), to which this route has no link: the server gets it through another route, or when the link is back."
  }

  private var waiting: String {
    devices.isEmpty
      ? "The user is not logged in with any device." : "No device of the user is connected."
  }

  private var how: String {
    switch conversation {
    case .direct:
      markedAt == nil
        ? "The conversation is not marked: it is looked at when a device connects that has been in it before."
        : "The conversation is marked: it comes as soon as a device connects."
    case .group: "It comes from the group's log as soon as a device connects."
    case .lobby:
      "It comes from the lobby's log when a device returns, if it is among the latest that are delivered late."
    }
  }
}
