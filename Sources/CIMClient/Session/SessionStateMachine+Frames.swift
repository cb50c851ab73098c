import CIMCore
import CIMProtos

extension SessionStateMachine {
  /// A frame came over the connection of that attempt. Frames that this version does not know are ignored.
  mutating func received(_ frame: CimV1.ConnectResponse.Frame, attempt: Int, now: Instant) -> [Action] {
    guard attempt == self.attempt else { return self.receivedOld(frame, attempt: attempt, now: now) }
    if case .ready(var heartbeat) = self.phase {
      heartbeat.received(now: now)
      self.phase = .ready(heartbeat)
    }
    switch frame {
    case .welcome(let welcome): return self.welcome(welcome, now: now)
    case .kick(let kick): return self.received(kick, now: now)
    case .drain(let drain): return self.received(drain, now: now)
    case .message, .reset, .sendResult, .delivered, .receipt, .readMarks:
      return self.receivedContent(frame, now: now)
    case .pong: return []
    }
  }

  /// What comes over the connection that is being left. That it is closed, because the new one has replaced it, is
  /// what was wanted.
  private mutating func receivedOld(
    _ frame: CimV1.ConnectResponse.Frame, attempt: Int, now: Instant
  ) -> [Action] {
    guard attempt == self.move?.attempt, self.move?.isOpen == true else { return [] }
    switch frame {
    case .kick: return self.oldConnectionLost(attempt: attempt, now: now)
    case .message, .reset, .sendResult, .delivered, .receipt, .readMarks:
      return self.receivedContent(frame, now: now)
    case .welcome, .drain, .pong: return []
    }
  }

  private mutating func receivedContent(_ frame: CimV1.ConnectResponse.Frame, now: Instant) -> [Action] {
    switch frame {
    case .message(let message):
      self.inbox.append(.message(message))
      return self.deliver(now: now)
    case .reset(let reset):
      self.inbox.append(.reset(reset))
      return self.deliver(now: now)
    case .sendResult(let result):
      let resolutions = self.outbox.receive(result, now: now, using: &self.random)
      return self.resolve(resolutions, now: now) + self.flush(now: now) + self.endIfDone(now: now)
    case .delivered(let delivered):
      return self.resolve(self.outbox.receive(delivered), now: now)
    case .receipt(let receipt): return self.received(receipt)
    case .readMarks(let marks): return self.received(marks)
    case .welcome, .kick, .drain, .pong:
      return []
    }
  }

  private mutating func received(_ kick: CimV1.Kick, now: Instant) -> [Action] {
    let reason = ChatClient.KickReason(kick.reason)
    let event = Action.emit(.kicked(reason, detail: kick.detail))
    let failure: ConnectionFailure =
      switch reason {
      case .replaced where self.mayBeStraggler(now: now):
        .transient("an earlier attempt to connect came through late: \(kick.detail)")
      case .replaced:
        .final(ClientError(.kicked, "the same device connected elsewhere: \(kick.detail)"))
      case .replacedByDevice:
        .final(ClientError(.kicked, "another device of this user has taken this one's place: \(kick.detail)"))
      case .loggedOut:
        .final(ClientError(.kicked, "the login was ended: \(kick.detail)"))
      case .endedByOperator:
        .final(ClientError(.kicked, "an operator of the service ended the login: \(kick.detail)"))
      case .idle, .lostTrack, .other:
        .transient("the server closed the connection: \(kick.detail)")
      }
    // The server is not at fault: no need to avoid it.
    return [event] + self.recover(from: failure, avoiding: nil, now: now)
  }

  /// Whether the one that has replaced this connection may be an earlier attempt of this client itself. Once only: if it was not,
  /// somebody else has the device.
  private mutating func mayBeStraggler(now: Instant) -> Bool {
    guard let abandonedAt = self.abandonedAt.take() else { return false }
    return now - abandonedAt < Self.stragglerTime
  }
}
