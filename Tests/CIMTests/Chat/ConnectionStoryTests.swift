import CIMClient
import CIMCore
import Testing

@testable import cim

@Suite struct ConnectionStoryTests {
  private let start = ContinuousClock.now
  private let ready = ChatClient.State.ready((try? ServerID("s1"))!)
  private let trying = ChatClient.State.reconnecting(reason: "cut", delay: .seconds(1))

  @Test("An outage is told once, however many attempts it takes, and its end with its length")
  func outage() {
    var story = ConnectionStory(greeting: nil)
    #expect(story.news(of: .connecting, now: self.start) == nil)
    #expect(story.news(of: self.ready, now: self.start) == .connected)
    #expect(story.news(of: self.trying, now: self.start) == .lost(reason: "cut"))
    for second in 1...9 { #expect(story.news(of: self.trying, now: self.start + .seconds(second)) == nil) }
    #expect(story.news(of: self.ready, now: self.start + .seconds(10)) == .back(after: .seconds(10)))
    #expect(story.news(of: self.trying, now: self.start + .seconds(20)) == .lost(reason: "cut"))
    #expect(story.news(of: .closed, now: self.start) == nil)
  }

  @Test("Who is not connected yet is told so once, then greeted")
  func notYet() {
    var story = ConnectionStory(greeting: ["welcome"])
    #expect(story.news(of: self.trying, now: self.start) == .notYet(reason: "cut"))
    #expect(story.news(of: self.trying, now: self.start) == nil)
    #expect(story.news(of: self.ready, now: self.start) == .greeting(["welcome"]))
    #expect(story.news(of: self.trying, now: self.start) == .lost(reason: "cut"))
  }
}
