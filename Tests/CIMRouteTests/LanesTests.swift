import Testing

@testable import CIMRoute

@Suite("Lanes")
struct LanesTests {
  @Test("A lane has one worker, who gets the jobs in order; lanes do not wait for each other")
  func order() {
    var lanes = Lanes<String, Int>(maxPerLane: 10, maxInAll: 10)
    #expect(lanes.add(1, to: "a") == .work)
    #expect(lanes.add(2, to: "a") == .queued)
    #expect(lanes.add(3, to: "a") == .queued)
    #expect(lanes.add(4, to: "b") == .work)
    #expect(lanes.next(of: "a") == 2)
    #expect(lanes.next(of: "b") == nil)
    #expect(lanes.next(of: "a") == 3)
    #expect(lanes.next(of: "a") == nil)
    #expect(lanes.isIdle)
    #expect(lanes.add(5, to: "a") == .work)
  }

  @Test("What waits is bounded, per lane and in all")
  func bounds() {
    var lanes = Lanes<String, Int>(maxPerLane: 2, maxInAll: 3)
    for (key, expected) in [
      ("a", .work), ("a", .queued), ("a", .queued), ("a", .full), ("b", .work), ("b", .queued), ("b", .full),
      ("c", .work), ("d", .full),
    ] as [(String, Lanes<String, Int>.Admission)] {
      #expect(lanes.add(0, to: key) == expected)
    }
    _ = lanes.next(of: "a")
    #expect(lanes.add(0, to: "b") == .queued)
  }
}
