import CIMCore
import CIMProtos

extension SessionStateMachine {
  /// A frame came over the connection of that attempt. Frames that this version does not know are ignored.
  mutating func received(_ frame: CimV1.ConnectResponse.Frame, attempt: Int, now: Instant) -> [Action] {
    guard attempt == self.attempt else { return [] }
    if case .ready(var heartbeat) = self.phase {
      heartbeat.received(now: now)
      self.phase = .ready(heartbeat)
    }
    switch frame {
    case .welcome(let welcome): return self.welcome(welcome, now: now)
    case .sendResult(let result): return self.received(result, now: now)
    case .message(let message): return self.received(message, now: now)
    case .kick(let kick): return self.received(kick, now: now)
    case .drain(let drain): return self.received(drain, now: now)
    case .reset(let reset): return self.received(reset)
    case .pong, .delivered: return []
    }
  }

  private mutating func received(_ result: CimV1.SendResult, now: Instant) -> [Action] {
    let resolutions = self.outbox.receive(result, now: now, using: &self.random)
    return resolutions.map(Action.resolve) + self.flush(now: now) + self.endIfDone(now: now)
  }

  private mutating func received(_ message: CimV1.Message, now: Instant) -> [Action] {
    guard let conversation = try? Conversation(message.conversation), let position = message.position else {
      return []
    }
    let isNew = self.inbox.insert(LogPosition(position), in: conversation)
    self.acknowledgeAt = self.acknowledgeAt ?? now + Self.acknowledgementDelay
    guard isNew, !(message.sendID.map(self.outbox.isOwn) ?? false), let shown = ChatMessage(message) else {
      return []
    }
    return [.emit(.message(shown))]
  }

  private mutating func received(_ kick: CimV1.Kick, now: Instant) -> [Action] {
    let reason = ChatClient.KickReason(kick.reason)
    let event = Action.emit(.kicked(reason, detail: kick.detail))
    let failure: ConnectionFailure =
      switch reason {
      case .replaced:
        .final(ClientError(.kicked, "the same device connected elsewhere: \(kick.detail)"))
      case .loggedOut:
        .final(ClientError(.kicked, "the login was ended: \(kick.detail)"))
      case .idle, .tooSlow, .other:
        .transient("the server closed the connection: \(kick.detail)")
      }
    // The server is not at fault: no need to avoid it.
    return [event] + self.recover(from: failure, avoiding: nil, now: now)
  }

  private mutating func received(_ drain: CimV1.Drain, now: Instant) -> [Action] {
    guard case .ready(var heartbeat) = self.phase else { return [] }
    // Spread over half of the time, so that the other servers are not overrun and nobody comes too late.
    let share = Double.random(in: 0...0.5, using: &self.random)
    heartbeat.leave(at: now + .milliseconds(Int(drain.withinMs)) * share)
    self.phase = .ready(heartbeat)
    return []
  }

  private func received(_ reset: CimV1.Reset) -> [Action] {
    guard let conversation = try? Conversation(reset.conversation), let next = reset.next else { return [] }
    return [.emit(.reset(conversation, after: reset.after.map(LogPosition.init), next: LogPosition(next)))]
  }
}
