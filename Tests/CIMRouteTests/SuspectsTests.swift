import CIMCore
import NIOCore
import Testing

@testable import CIMRoute

@Suite("Sessions that their server does not know")
struct SuspectsTests {
  @Test("One that stays unknown past the grace is removed, a new connection is not")
  func grace() throws {
    var suspects = Suspects(grace: .seconds(6), capacity: 2)
    let start = NIODeadline.uptimeNanoseconds(0)
    func key(_ epoch: UInt64) throws -> Suspects.Key {
      Suspects.Key(user: UserID(1), device: try DeviceID("d"), epoch: SessionEpoch(epoch))
    }
    #expect(suspects.report(try key(1), at: start) == .tryAgain)
    #expect(suspects.report(try key(1), at: start + .seconds(5)) == .wait)
    #expect(suspects.report(try key(2), at: start + .seconds(6)) == .tryAgain)
    #expect(suspects.report(try key(1), at: start + .seconds(6)) == .remove)
    // The oldest is forgotten when there are too many.
    #expect(suspects.report(try key(3), at: start + .seconds(6)) == .tryAgain)
    #expect(suspects.report(try key(1), at: start + .seconds(7)) == .tryAgain)
    // It was there when it was asked for; much later is another story.
    #expect(suspects.report(try key(1), at: start + .seconds(25)) == .tryAgain)
    #expect(suspects.report(try key(1), at: start + .seconds(31)) == .remove)
  }
}
