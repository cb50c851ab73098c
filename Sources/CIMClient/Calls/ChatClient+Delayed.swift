import CIMCore
import CIMProtos

/// A text of this user's that the service keeps, to send it later.
public struct DelayedText: Hashable, Sendable {
  /// What has become of it so far.
  public enum State: Hashable, Sendable {
    /// It waits for its time, and can be cancelled.
    case waiting
    /// It is being sent, and can't be cancelled any more.
    case sending
    /// It was refused when its time had come, for that reason, and won't be sent.
    case failed(String)
  }

  /// Names it.
  public let id: DelayedID

  /// Where it goes.
  public let conversation: Conversation

  /// What it says.
  public let text: String

  /// What the sending application added.
  public let properties: [String: String]

  /// When it is to be sent, by the store's clock.
  public let due: Timestamp

  /// What has become of it so far.
  public let state: State

  /// Describes it.
  public init(
    id: DelayedID, conversation: Conversation, text: String, properties: [String: String] = [:],
    due: Timestamp,
    state: State
  ) {
    self.id = id
    self.conversation = conversation
    self.text = text
    self.properties = properties
    self.due = due
    self.state = state
  }
}

extension ChatClient {
  /// How often a text is handed to the service that may not have heard of it.
  private static let attempts = 3

  /// Has the service send a text later: once, within a second of its time, whether this client still lives then or not; at once
  /// when the service itself was away at that time. A client of the sender that is connected then gets it like what another device says.
  ///
  /// - Parameters:
  ///   - text: 1 byte to the service's limit in UTF-8, 64 KiB by default.
  ///   - destination: Where it goes.
  ///   - time: When; at most 366 days ahead. A moment that has passed is now.
  ///   - properties: For applications: at most 16 entries and 4 KiB in all. They travel with the message.
  /// - Returns: what names it, and when it will be sent by the store's clock.
  /// - Throws: `ClientError`: `invalid` for a text or a time that is not, `notFound` when there is no such user or group, `tooMany`
  ///   when 1000 of this user's wait, `unavailable` while no route answers or before the first login.
  public func schedule(
    _ text: String, to destination: Destination, at time: DelayedTime, properties: [String: String] = [:]
  ) async throws(ClientError) -> (id: DelayedID, due: Timestamp) {
    let what = "scheduling a message"
    guard let account = self.info.account else {
      throw ClientError(.unavailable, "not connected yet: ask again when the client is ready")
    }
    let request = CimV1.ScheduleSendRequest(
      target: .conversation("\(destination.conversation(from: account.id))"),
      content: CimV1.Content(kind: .text(text), properties: properties), time: time.wire,
      // Under one key, so that trying again is safe.
      idempotencyKey: "\(DeviceID.random())")
    var attempt = 1
    while true {
      do throws(ClientError) {
        let response = try await self.call(what) { route, options in
          try await route.scheduleSend(request, options: options)
        }
        guard let id = try? DelayedID(response.id) else {
          throw ClientError(.incompatible, "\(what) did not work: the answer names no message")
        }
        return (id, Timestamp(milliseconds: UInt64(clamping: response.sendAtMs)))
      } catch {
        guard error.code == .unavailable, attempt < Self.attempts, !Task.isCancelled else { throw error }
        attempt += 1
      }
    }
  }

  /// What the user has scheduled and is not sent, on whichever device, by ascending time; what failed in the last 24 hours included.
  ///
  /// - Throws: `ClientError`, with the code `unavailable` while no route answers or before the first login.
  public func scheduled() async throws(ClientError) -> [DelayedText] {
    try await self.pages("listing the scheduled messages", pageSize: 200) { route, options, size, token in
      let response = try await route.listScheduled(
        CimV1.ListScheduledRequest(pageSize: size, pageToken: token), options: options)
      return (response.messages.compactMap(DelayedText.init), response.nextPageToken)
    }
  }

  /// Cancels a text that waits: it is not sent. One that has failed is not listed any more.
  ///
  /// - Returns: false when it is too late: it is being sent.
  /// - Throws: `ClientError`, with the code `notFound` when the user has none of that id: it was sent or cancelled, or never was.
  @discardableResult
  public func cancelScheduled(_ id: DelayedID) async throws(ClientError) -> Bool {
    try await self.call("cancelling a scheduled message") { route, options in
      try await route.cancelScheduled(CimV1.CancelScheduledRequest(id: id.rawValue), options: options)
        .cancelled
    }
  }
}

extension DelayedTime {
  fileprivate var wire: CimV1.ScheduleSendRequest.Time {
    switch self {
    case .at(let moment): .sendAtMs(Int64(clamping: moment.milliseconds))
    case .after(let milliseconds): .delayMs(Int64(clamping: milliseconds))
    }
  }
}

extension DelayedText {
  /// `nil` for one that this version can't show.
  fileprivate init?(_ message: CimV1.ScheduledMessage) {
    guard let id = try? DelayedID(message.id), let conversation = try? Conversation(message.conversation),
      let content = MessageContent(message.content?.kind)
    else { return nil }
    let state: State
    switch message.state {
    case .waiting: state = .waiting
    case .sending: state = .sending
    case .failed: state = .failed(message.failure?.detail ?? "")
    default: return nil
    }
    self.init(
      id: id, conversation: conversation, text: content.description,
      properties: message.content?.properties ?? [:],
      due: Timestamp(milliseconds: UInt64(clamping: message.sendAtMs)), state: state)
  }
}
