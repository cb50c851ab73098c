import CIMCore
import CIMProtos

/// A message that can't even be looked for in a log: its names are not valid, or it goes where its sender has no part.
///
/// Such a refusal consumes no counter: the sender has no counters there.
struct InvalidSubmission: Error {
  let refusal: Refusal

  init(_ reason: Refusal.Reason, _ detail: String) { refusal = Refusal(reason, detail) }
}

extension Submission {
  /// A message that a client sent through its server, which vouches for the sender.
  init(_ send: CimV1.LinkSend) throws(InvalidSubmission) {
    guard let user = send.sender, user.id > 0, let name = try? UserName(user.name) else {
      throw InvalidSubmission(.invalid, "The server did not say who sends.")
    }
    guard let message = send.send, let sendID = message.sendID else {
      throw InvalidSubmission(
        .invalid, "send_id is missing: number each message with its producer, conversation and counter.")
    }
    let sender = Account(id: UserID(user.id), name: name)
    let conversation = try Conversation(sendID.conversation, field: "send_id.conversation", of: sender.id)
    let producer: ProducerID
    do {
      producer = try ProducerID(sendID.producer)
    } catch {
      throw InvalidSubmission(.invalid, "send_id.producer is \(error).")
    }
    guard sendID.counter > 0 else {
      throw InvalidSubmission(.invalid, "send_id.counter is 0: counters of a producer begin with 1.")
    }
    self.init(
      sender: sender, conversation: conversation,
      idempotency: .producer(producer, counter: sendID.counter), content: message.content,
      ackLevel: message.ackLevel)
  }
}

extension Conversation {
  /// A conversation in which a user can speak.
  ///
  /// - Parameter field: where its text stands, for the error.
  init(_ text: String, field: String, of user: UserID) throws(InvalidSubmission) {
    do {
      try self.init(text)
    } catch {
      throw InvalidSubmission(.invalid, "\(field) is \(error).")
    }
    // Whether the user is a member of a group is decided where the message is appended.
    guard case .direct(let pair) = self, !pair.contains(user) else { return }
    throw InvalidSubmission(
      .invalid, "\(field) is the private conversation of two others; yours have your id \(user) in them.")
  }
}
