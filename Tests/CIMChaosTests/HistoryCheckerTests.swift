import CIMChaos
import CIMCore
import Testing

@Suite struct HistoryCheckerTests {
  private let users = Story.users

  @Test func `a history that keeps every promise passes, and is counted`() {
    let verdict = Story.clean.check()
    #expect(verdict.violations == [])
    #expect(verdict.counts.accepted == 21)
    #expect(verdict.counts.acceptedPrivate == 3)
    #expect(verdict.counts.acceptedGroup == 9)
    #expect(verdict.counts.acceptedLobby == 9)
    #expect(verdict.counts.shown == 39)
    #expect(verdict.counts.expected == 39)
  }

  @Test(arguments: ["private 2", "group 2 of 1", "lobby 2 of 1"])
  func `an accepted message that somebody never saw is lost`(text: String) {
    var story = Story.clean
    let place = story.place(of: text, shownTo: users[1])
    story.change(users[1]) { _ = $0.remove(at: place) }
    #expect(kinds(story) == [.lost])
  }

  @Test func `a message that comes twice is doubled, at once or later`() {
    for distance in [0, 3] {
      var story = Story.clean
      let place = story.place(of: "group 1 of 1", shownTo: users[1])
      story.change(users[1]) { $0.insert($0[place], at: place + 1 + distance) }
      #expect(kinds(story) == [.doubled])
    }
  }

  @Test func `a message that is logged twice is doubled`() {
    var story = Story.clean
    let again = story.nextPlace(in: Story.group)
    for user in users.dropFirst() {
      story.show("group 1 of 1", at: again, in: Story.group, from: users[0], to: user)
    }
    let kinds = Set(story.check().violations.map(\.kind))
    #expect(kinds.contains(.doubled))
  }

  @Test func `two messages of a sender that stand the wrong way round in the log are reordered`() {
    var story = Story.clean
    let places = [story.nextPlace(in: Story.group), story.nextPlace(in: Story.group)]
    for (text, place) in zip(["first", "second"], places.reversed()) {
      story.send(text, in: Story.group, from: users[0])
      story.add(.accepted(text: text, position: place, isDuplicate: false), to: users[0])
    }
    for user in users {
      story.show("second", at: places[0], in: Story.group, from: users[0], to: user)
      story.show("first", at: places[1], in: Story.group, from: users[0], to: user)
    }
    #expect(Set(kinds(story)) == [.reordered])
  }

  @Test func `a receiver that sees two messages the other way round than the log has them disagrees`() {
    var story = Story.clean
    let one = story.place(of: "group 2 of 1", shownTo: users[2])
    let other = story.place(of: "group 2 of 2", shownTo: users[2])
    story.change(users[2]) { $0.swapAt(one, other) }
    #expect(Set(kinds(story)) == [.disagreement])
  }

  @Test func `receivers that see two messages at each other's places disagree`() {
    var story = Story.clean
    let places = [story.nextPlace(in: Story.group), story.nextPlace(in: Story.group)]
    for (user, text) in zip(users, ["by 1", "by 2"]) { story.send(text, in: Story.group, from: user) }
    story.add(.accepted(text: "by 1", position: places[0], isDuplicate: false), to: users[0])
    story.add(.accepted(text: "by 2", position: places[1], isDuplicate: false), to: users[1])
    for (receiver, order) in [(0, [1, 2]), (1, [1, 2]), (2, [2, 1])] {
      for (place, sender) in zip(places, order) {
        story.show("by \(sender)", at: place, in: Story.group, from: users[sender - 1], to: users[receiver])
      }
    }
    #expect(Set(kinds(story)) == [.disagreement])
  }

  @Test
  func `somebody who is gone and listed is a ghost, somebody who is there and is not listed is missing`() {
    var story = Story.clean
    story.living.remove(users[2])
    #expect(kinds(story) == [.ghost])
    story.listed.remove(users[2])
    #expect(kinds(story) == [])
    story.listed.remove(users[0])
    #expect(kinds(story) == [.unlisted])
  }

  @Test func `what is owed to somebody who is gone is not due`() {
    var story = Story.clean
    let place = story.place(of: "lobby 3 of 1", shownTo: users[2])
    story.change(users[2]) { _ = $0.remove(at: place) }
    #expect(Set(kinds(story)) == [.lost])
    story.living.remove(users[2])
    story.listed.remove(users[2])
    #expect(kinds(story) == [])
  }

  @Test func `an uncertain message may come to nobody or to all, not to some`() {
    var story = Story.clean
    story.send("maybe", in: Story.group, from: users[0])
    story.add(.refused(text: "maybe", isUncertain: true, reason: "lost"), to: users[0])
    #expect(kinds(story) == [])
    let place = story.nextPlace(in: Story.group)
    story.show("maybe", at: place, in: Story.group, from: users[0], to: users[1])
    #expect(kinds(story) == [.partial])
    story.show("maybe", at: place, in: Story.group, from: users[0], to: users[2])
    #expect(kinds(story) == [])
  }

  @Test func `a message without an answer is reported`() {
    var story = Story.clean
    story.send("hello?", in: .lobby, from: users[0])
    #expect(kinds(story) == [.unanswered])
  }

  @Test func `a refused message is reported, once more when it was shown`() {
    var story = Story.clean
    story.send("no", in: Story.group, from: users[0])
    story.add(.refused(text: "no", isUncertain: false, reason: "invalid"), to: users[0])
    #expect(kinds(story) == [.refused])
    let place = story.nextPlace(in: Story.group)
    story.show("no", at: place, in: Story.group, from: users[0], to: users[1])
    #expect(Set(kinds(story)) == [.refused, .refusedButShown])
  }

  @Test func `a message that came to a stranger is leaked`() {
    var story = Story.clean
    let conversation = Conversation.direct(between: users[0], and: users[1])
    story.show(
      "private 1", at: LogPosition(epoch: 1, seq: 1), in: conversation, from: users[0], to: users[2])
    #expect(kinds(story) == [.leaked])
  }

  @Test
  func `a visitor of a group is to see what lies between its joining and its leaving, and nothing else`() {
    var story = Story.clean
    let (third, sixth) = (LogPosition(epoch: 1, seq: 3), LogPosition(epoch: 1, seq: 6))
    story.stays[users[2]] = [.init(joined: third, left: sixth)]
    #expect(kinds(story).filter { $0 != .leaked } == [])
    #expect(story.check().count(of: .leaked) == 4)
    story.change(users[2]) { events in
      events.removeAll { event in
        guard case .shown(let message) = event, message.conversation == Story.group, !message.isOwn else {
          return false
        }
        return message.position <= third || message.position >= sixth
      }
    }
    #expect(kinds(story) == [])
    let place = story.place(of: "group 2 of 1", shownTo: users[2])
    story.change(users[2]) { _ = $0.remove(at: place) }
    #expect(kinds(story) == [.lost])
  }

  @Test func `a member is owed what follows its joining, not what came before`() {
    var story = Story.clean
    let third = LogPosition(epoch: 1, seq: 3)
    story.stays[users[2]] = [.init(joined: third)]
    story.change(users[2]) { events in
      events.removeAll { event in
        guard case .shown(let message) = event, message.conversation == Story.group else { return false }
        return message.position <= third
      }
    }
    #expect(kinds(story) == [])
    let place = story.place(of: "group 2 of 1", shownTo: users[2])
    story.change(users[2]) { _ = $0.remove(at: place) }
    #expect(kinds(story) == [.lost])
  }

  @Test func `a message that nobody sent, or of another sender, is altered`() {
    var story = Story.clean
    let place = story.nextPlace(in: .lobby)
    story.show("from nowhere", at: place, in: .lobby, from: users[0], to: users[1])
    #expect(kinds(story) == [.altered])

    story = Story.clean
    let shown = story.place(of: "group 1 of 1", shownTo: users[2])
    story.change(users[2]) { $0.remove(at: shown) }
    story.show(
      "group 1 of 1", at: LogPosition(epoch: 1, seq: 1), in: Story.group, from: users[1], to: users[2])
    #expect(Set(kinds(story)) == [.altered, .lost])
  }

  @Test func `an own message that is shown as somebody else's is reported`() {
    var story = Story.clean
    let place = story.nextPlace(in: .lobby)
    story.send("mine", in: .lobby, from: users[0])
    story.add(.accepted(text: "mine", position: place, isDuplicate: false), to: users[0])
    for user in users.dropFirst() { story.show("mine", at: place, in: .lobby, from: users[0], to: user) }
    story.add(
      .shown(
        ShownMessage(conversation: .lobby, position: place, sender: users[0], text: "mine", isOwn: false)),
      to: users[0])
    #expect(kinds(story) == [.echo])
  }

  @Test func `a reset is reported where there may be none`() {
    var story = Story.clean
    story.add(.reset(conversation: .lobby, after: nil, until: LogPosition(epoch: 1, seq: 3)), to: users[0])
    #expect(kinds(story) == [.reset])
    #expect(story.check(allowingResets: true).isClean)
    #expect(story.check().counts.resets == 1)
  }

  @Test func `a gap that a client found is reported`() {
    var story = Story.clean
    story.add(.gap(count: 1), to: users[0])
    #expect(kinds(story) == [.gap])
  }

  @Test func `a client that gave up is reported`() {
    var story = Story.clean
    story.add(.failed(reason: "kicked"), to: users[0])
    #expect(kinds(story) == [.failed])
  }

  @Test func `an answer that changes is reported`() {
    var story = Story.clean
    story.add(
      .accepted(text: "lobby 1 of 1", position: LogPosition(epoch: 1, seq: 50), isDuplicate: true),
      to: users[0])
    #expect(Set(kinds(story)).contains(.doubled))
  }

  private func kinds(_ story: Story) -> [Violation.Kind] { story.check().violations.map(\.kind) }
}
