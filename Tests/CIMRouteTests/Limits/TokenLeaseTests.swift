import CIMCore
import NIOCore
import Testing

@testable import CIMRoute

@Suite struct TokenLeaseTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  private static func demand(burst: Int) -> TokenDemand {
    TokenDemand(sender: UserID(7), RateLimit(100, per: .second, burst: burst)!, device: nil, nil)!
  }

  /// Takes as many as it gives without asking; what it asks for then.
  private func use(_ lease: inout TokenLease, at now: NIODeadline) -> (taken: Int, asked: Int) {
    var taken = 0
    while true {
      switch lease.take(at: now) {
      case .taken: taken += 1
      case .ask(let count): return (taken, count)
      case .refused: return (taken, 0)
      }
    }
  }

  @Test("Who does little takes one at a time")
  func little() {
    var lease = TokenLease(for: Self.demand(burst: 800))
    for second in 0..<5 {
      let now = start + .seconds(Int64(2 * second))
      #expect(lease.take(at: now) == .ask(1))
      lease.received(.granted(1), at: now)
      #expect(lease.take(at: now) == .taken)
    }
  }

  @Test(
    "A lease that was used up in time is followed by one twice as large, up to an eighth of the burst, and to 64"
  )
  func much() {
    for (burst, sizes) in [
      (800, [1, 2, 4, 8, 16, 32, 64, 64]), (100, [1, 2, 4, 8, 12, 12]), (7, [1, 1, 1]),
    ] {
      var lease = TokenLease(for: Self.demand(burst: burst))
      for size in sizes {
        let (_, asked) = use(&lease, at: start)
        #expect(asked == size, "of \(burst)")
        lease.received(.granted(asked), at: start)
      }
    }
  }

  @Test("What is not used within a second is lost, and the next lease is one again")
  func lost() {
    var lease = TokenLease(for: Self.demand(burst: 800))
    lease.received(.granted(20), at: start)
    #expect(lease.take(at: start + .milliseconds(999)) == .taken)
    #expect(!lease.isSpent(at: start + .milliseconds(999)))
    #expect(lease.take(at: start + .milliseconds(1000)) == .ask(1))
    #expect(lease.isSpent(at: start + .milliseconds(1000)))
  }

  @Test("What is given back in time can be used again")
  func givenBack() {
    var lease = TokenLease(for: Self.demand(burst: 8))
    lease.received(.granted(1), at: start)
    #expect(lease.take(at: start) == .taken)
    lease.giveBack(at: start + .milliseconds(999))
    #expect(lease.take(at: start + .milliseconds(999)) == .taken)
    lease.giveBack(at: start + .milliseconds(1000))
    #expect(lease.take(at: start + .milliseconds(1000)) == .ask(1))
  }

  @Test("A refusal holds until its time, and tells what is left of it; then one is asked for")
  func refused() {
    var lease = TokenLease(for: Self.demand(burst: 800))
    let refusal = TokenRefusal(.user(UserID(7)), milliseconds: 200)
    lease.received(.refused(refusal), at: start)
    #expect(lease.take(at: start) == .refused(refusal))
    let later = start + .microseconds(150_500)
    #expect(lease.take(at: later) == .refused(TokenRefusal(.user(UserID(7)), milliseconds: 50)))
    #expect(!lease.isSpent(at: later))
    #expect(lease.take(at: start + .milliseconds(200)) == .ask(1))
    #expect(lease.isSpent(at: start + .milliseconds(200)))
  }
}
