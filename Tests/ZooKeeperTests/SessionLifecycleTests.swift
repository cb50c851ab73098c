import Testing

@testable import ZooKeeper

@Suite("Session lifecycle")
struct SessionLifecycleTests {
  private let one = SessionID(1)
  private let two = SessionID(2)

  @Test("An interruption leads back to the same session")
  func interruption() {
    var lifecycle = SessionLifecycle()
    #expect(lifecycle.handle(.connected(one), of: 1) == .publish)
    #expect(lifecycle.handle(.disconnected, of: 1) == .publish)
    #expect(lifecycle.state == .connecting)
    #expect(lifecycle.handle(.disconnected, of: 1) == .nothing)
    #expect(lifecycle.handle(.connected(one), of: 1) == .publish)
    #expect(lifecycle.state == .connected(one))
    #expect(lifecycle.generation == 1)
  }

  @Test("An expired session is replaced, and what its handle still says is ignored")
  func expiry() {
    var lifecycle = SessionLifecycle()
    _ = lifecycle.handle(.connected(one), of: 1)
    _ = lifecycle.handle(.disconnected, of: 1)
    #expect(lifecycle.handle(.expired, of: 1) == .replace)
    #expect(lifecycle.state == .expired(one))
    #expect(lifecycle.handle(.expired, of: 1) == .nothing)
    #expect(lifecycle.handle(.connected(one), of: 1) == .nothing)
    #expect(lifecycle.handle(.disconnected, of: 2) == .nothing)
    #expect(lifecycle.state == .expired(one))
    #expect(lifecycle.handle(.connected(two), of: 2) == .publish)
    #expect(lifecycle.state == .connected(two))
  }

  @Test("A client that is not let in is tried again after a pause")
  func authenticationFailure() {
    var lifecycle = SessionLifecycle()
    #expect(lifecycle.handle(.authenticationFailed, of: 1) == .replaceLater)
    #expect(lifecycle.state == .authenticationFailed)
    #expect(lifecycle.handle(.connected(one), of: 2) == .publish)
  }

  @Test("Closing ends it all, once")
  func closing() {
    var lifecycle = SessionLifecycle()
    _ = lifecycle.handle(.connected(one), of: 1)
    let closings = [lifecycle.close(), lifecycle.close()]
    #expect(closings == [true, false])
    for event in [SessionHandle.Event.connected(two), .disconnected, .expired, .authenticationFailed] {
      #expect(lifecycle.handle(event, of: lifecycle.generation) == .nothing)
    }
    #expect(lifecycle.state == .closed)
  }
}
