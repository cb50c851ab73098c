import CIMCore
import CIMProtos
import Testing

@testable import CIMRoute

@Suite("What became of a message")
struct DeliveryFactsTests {
  private let position = LogPosition(epoch: 7, seq: 3)
  private let behind = LogPosition(epoch: 7, seq: 2)

  private func facts(_ log: CimV1.LogState = .logged, in conversation: Conversation = .lobby) -> DeliveryFacts
  {
    DeliveryFacts(position: position, log: log, conversation: conversation)
  }

  private func device(_ id: String, at cursor: LogPosition?, isConnected: Bool = false, isLinked: Bool = true)
    throws -> DeliveryFacts.Device
  {
    let session = CIMCore.Session(
      user: UserID(1), device: try DeviceID(id), epoch: SessionEpoch(1),
      instance: ServerInstance(id: try ServerID("s1"), incarnation: .random()), loginGeneration: 1)
    return DeliveryFacts.Device(
      id: session.device, cursor: cursor, session: isConnected ? session : nil, isLinked: isLinked)
  }

  @Test("A device has it that is at its place or beyond; the others are named")
  func delivered() throws {
    var facts = facts()
    facts.cursor = LogPosition(epoch: 8, seq: 1)
    facts.devices = [try device("laptop", at: facts.cursor), try device("phone", at: behind)]
    #expect(facts.verdict.state == .delivered)
    #expect(facts.verdict.explanation.contains("Stored by laptop. Not yet by phone"))
    facts.devices = []
    #expect(facts.verdict.state == .delivered && facts.verdict.explanation.contains("8-1"))
  }

  @Test("What is not for a user is never anything else")
  func excluded() {
    var facts = facts()
    facts.exclusion = "The user is no member of the group."
    facts.cursor = position
    #expect(facts.verdict.state == .notForReceiver)
    #expect(facts.verdict.explanation == "The user is no member of the group.")
  }

  @Test("To a device that is connected it is on its way, whichever route has the link")
  func onItsWay() throws {
    var facts = facts()
    facts.devices = [try device("laptop", at: behind, isConnected: true), try device("phone", at: behind)]
    #expect(facts.verdict.state == .onItsWay)
    #expect(facts.verdict.explanation.contains("laptop is connected to s1, which this route reaches"))
    facts.devices = [try device("laptop", at: nil, isConnected: true, isLinked: false)]
    #expect(facts.verdict.state == .onItsWay)
    #expect(facts.verdict.explanation.contains("no link"))
  }

  @Test("Without a connection it waits, and what brings it is said")
  func waiting() throws {
    var facts = facts(in: .direct(between: UserID(1), and: UserID(2)))
    #expect(
      facts.verdict.explanation.contains("not logged in") && facts.verdict.explanation.contains("not marked"))
    facts.markedAt = Timestamp(milliseconds: 1)
    facts.devices = [try device("laptop", at: behind)]
    #expect(facts.verdict.state == .waiting && facts.verdict.explanation.contains("is marked"))
    #expect(self.facts(.notYet).verdict.state == .waiting)
  }

  @Test("What the log does not have any more is gone for who lacks it, and for nobody else")
  func gone() throws {
    var facts = facts(.gone)
    facts.devices = [try device("laptop", at: behind, isConnected: true)]
    #expect(facts.verdict.state == .gone)
    facts.cursor = position
    #expect(facts.verdict.state == .delivered)
  }
}
