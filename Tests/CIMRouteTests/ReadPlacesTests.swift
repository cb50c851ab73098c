import CIMCore
import CIMProtos
import NIOCore
import Testing

@testable import CIMRoute

@Suite("What is made of what users say and have")
struct ReadPlacesTests {
  private let ann = UserID(1)
  private let bob = UserID(2)
  private let pair = Conversation.direct(between: UserID(1), and: UserID(2))

  private func position(_ seq: UInt64) -> LogPosition { LogPosition(epoch: 1, seq: seq) }

  @Test("What a user says to have read counts where the user has a part, and not behind a log's end")
  func valid() throws {
    let (cats, dogs) = (try GroupID("cats"), try GroupID("dogs"))
    let foreign = Conversation.direct(between: UserID(7), and: UserID(8))
    let device = try DeviceID("d")
    let places = ReadPlaces([
      CursorAdvance(
        UserDevice(user: ann, device: device),
        to: [
          pair: position(4), .lobby: position(90), .group(cats): position(2), .group(dogs): position(2),
          foreign: position(1), .direct(between: ann, and: UserID(9)): position(1),
        ]),
      CursorAdvance(UserDevice(user: ann, device: try DeviceID("e")), to: [pair: position(6)]),
      CursorAdvance(UserDevice(user: bob, device: device), to: [pair: position(0)]),
    ])
    #expect(places.usersInGroups == [ann])
    #expect(!places.conversations.contains(foreign))
    let valid = places.valid(
      tails: [pair: position(5), .lobby: position(90), .group(cats): position(9), .group(dogs): position(9)],
      groups: [ann: [cats: position(1)]])
    #expect(valid == [ann: [pair: position(5), .lobby: position(90), .group(cats): position(2)]])
  }

  @Test("A list's places are in the order of the last activity, and come back from their texts")
  func order() throws {
    func place(_ time: UInt64, _ conversation: Conversation) -> ConversationPlace {
      ConversationPlace(loggedAt: Timestamp(milliseconds: time), conversation: conversation)
    }
    let cats = Conversation.group(try GroupID("cats"))
    let ordered = [place(9, pair), place(8, cats), place(8, pair), place(1, cats)]
    #expect(ordered.shuffled().sorted() == ordered)
    for place in ordered { #expect(ConversationPlace(place.description) == place) }
    for text in ["", "8", "8 ", "08 p:1:2", "-8 p:1:2", "8 p:2:1", "8  p:1:2", "x p:1:2"] {
      #expect(ConversationPlace(text) == nil, "\(text)")
    }
  }

  @Test("Unread is what stands behind the read mark, the user's own last entry, and the joining")
  func unread() {
    let end = LogEnd(
      position: position(9), loggedAt: Timestamp(milliseconds: 5), lastOwn: [ann: position(6)])
    func line(_ user: UserID, read: UInt64?, joined: UInt64? = nil) -> ConversationLine {
      ConversationLine(pair, of: user, end: end, read: read.map(position), joined: joined.map(position))
    }
    #expect(line(ann, read: nil).unread == 3)
    #expect(line(ann, read: 8).unread == 1 && line(ann, read: 8).seen == position(8))
    #expect(line(ann, read: 2).seen == position(6))
    #expect(line(bob, read: nil).unread == 9 && line(bob, read: nil).seen == nil)
    #expect(line(bob, read: nil, joined: 7).unread == 2)
    #expect(line(bob, read: 9, joined: 7).unread == 0)
  }

  @Test("A preview's text is cut between characters, and has at most 256 bytes")
  func preview() {
    #expect(MessagePreview.prefix(of: "short") == "short")
    let exact = String(repeating: "a", count: 256)
    #expect(MessagePreview.prefix(of: exact) == exact)
    #expect(MessagePreview.prefix(of: exact + "b") == exact)
    #expect(MessagePreview.prefix(of: "a" + String(repeating: "爱", count: 100)).utf8.count == 256)
    #expect(MessagePreview.prefix(of: "ab" + String(repeating: "爱", count: 100)).utf8.count == 254)
  }

  @Test("A private conversation is noted again when its note may be too old, or the store another one")
  func contacts() {
    var cache = ContactCache(lifetime: .hours(1), capacity: 2)
    let now = NIODeadline.now()
    let pairs = (2...4).map { UserPair(ann, UserID($0)) }
    cache.insert(pairs[0], at: now)
    #expect(cache.contains(pairs[0], at: now + .minutes(59)))
    #expect(!cache.contains(pairs[0], at: now + .hours(1)))
    cache.insert(pairs[0], at: now + .hours(1))
    #expect(cache.contains(pairs[0], at: now + .hours(1)))
    for pair in pairs.dropFirst() { cache.insert(pair, at: now) }
    #expect(cache.count == 2 && !cache.contains(pairs[0], at: now))
    cache.removeAll()
    #expect(cache.count == 0 && !cache.contains(pairs[2], at: now))
  }
}
