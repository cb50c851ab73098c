import Testing

@testable import NgRPC

@Suite("What a connection holds of requests")
struct InboundBudgetTests {
  @Test("Half of the bound is for incomplete messages, all of it for the rest")
  func bounds() {
    var budget = InboundBudget(limit: 100)
    budget.hold(50)
    #expect(budget.hasRoomForParts && !budget.isExceeded)
    budget.hold(1)
    #expect(!budget.hasRoomForParts && budget.shouldDropMore && !budget.isExceeded)
    budget.hold(49)
    #expect(!budget.isExceeded)
    budget.hold(1)
    #expect(budget.isExceeded)
    budget.release(61)
    #expect(budget.roomForParts == 10)
    budget.release(40)
    #expect(budget.held == 0)
  }
}
