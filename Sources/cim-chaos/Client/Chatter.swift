import CIMChaos
import CIMCore
import TestSupport

/// Decides what a client says, and to whom.
struct Chatter {
  private let me: UserID
  private let name: String
  /// Tells the texts of this life of the process from those of earlier ones.
  private let life: UInt32
  private let others: [UserID]
  private let groups: [Conversation]
  private var random: SplitMix
  private var count = 0

  init(_ member: Roster.Member, in roster: Roster, seed: UInt64) {
    self.me = member.id
    self.name = member.name
    self.life = UInt32.random(in: 0...UInt32.max)
    self.others = roster.members.map(\.id).filter { $0 != member.id }
    let id = member.id.rawValue
    self.groups = roster.groups.filter { $0.stays[id] != nil && !$0.visitors.contains(id) }.map(
      \.conversation)
    self.random = SplitMix(seed: seed &+ member.id.rawValue)
  }

  /// Half of the messages are private, three tenths for a group, the rest for the lobby.
  mutating func conversation() -> Conversation {
    switch Int.random(in: 0..<10, using: &self.random) {
    case 0..<5:
      self.others.randomElement(using: &self.random).map { .direct(between: self.me, and: $0) } ?? .lobby
    case 5..<8: self.groups.randomElement(using: &self.random) ?? .lobby
    default: .lobby
    }
  }

  /// A text that nobody has said before. One in fifty is long.
  mutating func text() -> String {
    self.count += 1
    let text = "\(self.name)/\(String(self.life, radix: 36))/\(self.count)"
    let isLong = Int.random(in: 0..<50, using: &self.random) == 0
    return isLong
      ? text + " " + String(repeating: "long ", count: Int.random(in: 100...2000, using: &self.random)) : text
  }

  /// How long to wait before the next message, for that many a second: between half and one and a half of the mean.
  mutating func pause(rate: Double) -> Duration {
    .seconds(Double.random(in: 0.5...1.5, using: &self.random) / rate)
  }
}
