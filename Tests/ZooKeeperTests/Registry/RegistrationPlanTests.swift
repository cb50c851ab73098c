import CIMCore
import Testing
import ZooKeeper

@testable import CIMZooKeeper

@Suite("Registration plan")
struct RegistrationPlanTests {
  private let session = SessionID(1)
  private let entry = RegistryEntry.server(try! .named("server-1"))

  private func stat(of owner: SessionID, version: Int32 = 0) -> NodeStat {
    NodeStat(creation: 1, modification: 1, version: version, ephemeralOwner: owner, childCount: 0)
  }

  /// A plan whose entry stands.
  private func entered() -> RegistrationPlan {
    var plan = RegistrationPlan(entry)
    _ = plan.nextStep(in: session)
    _ = plan.saw(nil, in: session)
    _ = plan.nextStep(in: session)
    plan.wrote(entry)
    _ = plan.saw(stat(of: session), in: session)
    return plan
  }

  @Test("An entry is looked for, created and looked at, and then stands")
  func entering() {
    var plan = RegistrationPlan(entry)
    var step = plan.nextStep(in: session)
    #expect(step == .look)
    var news = plan.saw(nil, in: session)
    #expect(news == nil)
    step = plan.nextStep(in: session)
    #expect(step == .create(entry))
    plan.wrote(entry)
    step = plan.nextStep(in: session)
    #expect(step == .look)
    news = plan.saw(stat(of: session), in: session)
    #expect(news == .entered(entry.instance))
    step = plan.nextStep(in: session)
    #expect(step == nil)
    #expect(!plan.isFinished)
  }

  @Test("A node whose creation got no answer is written, not created twice")
  func lostAnswer() {
    var plan = RegistrationPlan(entry)
    _ = plan.saw(nil, in: session)
    _ = plan.nextStep(in: session)
    // No answer to the creation.
    var news = plan.saw(stat(of: session), in: session)
    #expect(news == nil)
    var step = plan.nextStep(in: session)
    #expect(step == .write(entry))
    plan.wrote(entry)
    step = plan.nextStep(in: session)
    #expect(step == .look)
    news = plan.saw(stat(of: session, version: 1), in: session)
    #expect(news == .entered(entry.instance))
  }

  @Test("A node of an earlier process is replaced in the version that was seen")
  func stale() {
    var plan = RegistrationPlan(entry)
    let news = plan.saw(stat(of: SessionID(9), version: 4), in: session)
    #expect(news == .replacing)
    var step = plan.nextStep(in: session)
    #expect(step == .replace(entry, version: 4))
    plan.wrote(entry)
    step = plan.nextStep(in: session)
    #expect(step == .look)
    let entered = plan.saw(stat(of: session), in: session)
    #expect(entered == .entered(entry.instance))
  }

  @Test("In a new session the entry gets a new incarnation, drawn once")
  func newSession() {
    var plan = entered()
    let next = SessionID(2)
    var step = plan.nextStep(in: next)
    #expect(step == .look)
    _ = plan.saw(nil, in: next)
    step = plan.nextStep(in: next)
    let renewed = plan.entry
    #expect(step == .create(renewed))
    #expect(renewed.instance.id == entry.instance.id)
    #expect(renewed.instance != entry.instance)
    // The answer is lost and the node is not there: the same one is entered.
    _ = plan.saw(nil, in: next)
    step = plan.nextStep(in: next)
    #expect(step == .create(renewed))
    plan.wrote(renewed)
    let news = plan.saw(stat(of: next), in: next)
    #expect(news == .entered(renewed.instance))
  }

  @Test("A node that vanished in the same session is entered again under a new incarnation")
  func deletedByHand() {
    var plan = entered()
    plan.lookAgain()
    _ = plan.saw(nil, in: session)
    let step = plan.nextStep(in: session)
    #expect(step == .create(plan.entry))
    #expect(plan.entry.instance != entry.instance)
  }

  @Test("A place taken by another process is told, and not taken back")
  func displaced() {
    var plan = entered()
    plan.lookAgain()
    let news = plan.saw(stat(of: SessionID(9)), in: session)
    #expect(news == .displaced)
    var step = plan.nextStep(in: session)
    #expect(step == nil)
    plan.withdraw()
    step = plan.nextStep(in: session)
    #expect(step == nil)
    #expect(plan.isFinished)
  }

  @Test("Going away is written under the same incarnation")
  func draining() {
    var plan = entered()
    plan.setDraining(true)
    let step = plan.nextStep(in: session)
    #expect(step == .write(entry.with(isDraining: true)))
    plan.wrote(entry.with(isDraining: true))
    let news = plan.saw(stat(of: session, version: 1), in: session)
    #expect(news == nil)
    #expect(plan.entry.instance == entry.instance)
  }

  @Test("A withdrawn entry's node is deleted, and then there is nothing to do any more")
  func withdrawal() {
    var plan = entered()
    plan.withdraw()
    var step = plan.nextStep(in: session)
    #expect(step == .delete(version: 0))
    step = plan.nextStep(in: session)
    #expect(step == .look)
    _ = plan.saw(nil, in: session)
    step = plan.nextStep(in: session)
    #expect(step == nil)
    #expect(plan.isFinished)
  }
}
