import Testing

@testable import cim

@Suite struct EditDistanceTests {
  @Test(
    "It counts insertions, removals and replacements",
    arguments: [
      ("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("redis.ulr", "redis.url", 2),
      ("same", "same", 0),
    ])
  func distance(one: String, other: String, distance: Int) {
    #expect(editDistance(one, other) == distance)
    #expect(editDistance(other, one) == distance)
  }
}
