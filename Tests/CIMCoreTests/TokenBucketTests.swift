import CIMCore
import Testing

@Suite struct TokenBucketTests {
  /// 10 each second, 4 at once.
  private let limit = RateLimit(10, per: .second, burst: 4)!
  private let start: UInt64 = 1_000_000_000_000

  @Test("A full bucket has its burst, and one token less for each that is taken")
  func burst() {
    var bucket = TokenBucket()
    #expect(bucket.tokens(limit, at: start) == 4 && bucket.wait(limit, at: start) == 0)
    bucket.take(3, limit, at: start)
    #expect(bucket.tokens(limit, at: start) == 1 && bucket.wait(limit, at: start) == 0)
    bucket.take(1, limit, at: start)
    #expect(bucket.tokens(limit, at: start) == 0 && bucket.wait(limit, at: start) == 100_000)
  }

  @Test("Tokens come one by one, and a full bucket gets no more")
  func refill() {
    var bucket = TokenBucket()
    bucket.take(4, limit, at: start)
    #expect(bucket.tokens(limit, at: start + 99_999) == 0 && bucket.wait(limit, at: start + 99_999) == 1)
    #expect(bucket.tokens(limit, at: start + 100_000) == 1 && bucket.wait(limit, at: start + 100_000) == 0)
    #expect(bucket.tokens(limit, at: start + 399_999) == 3)
    #expect(bucket.tokens(limit, at: start + 400_000) == 4)
    #expect(bucket.tokens(limit, at: start + 4_000_000) == 4)
    #expect(bucket.fullAt == start + 400_000)
  }

  @Test("Whoever takes each token as it comes gets the rate, and no more")
  func rate() {
    var bucket = TokenBucket()
    var taken = 0
    for step in 0..<1000 {
      let now = start + UInt64(step) * 10_000
      if bucket.tokens(limit, at: now) > 0 {
        bucket.take(1, limit, at: now)
        taken += 1
      }
    }
    // In 9.99 s.
    #expect(taken == 4 + 99)
  }

  @Test("A clock that is set back makes it empty at most")
  func clock() {
    var bucket = TokenBucket()
    bucket.take(1, limit, at: start)
    #expect(bucket.wait(limit, at: start - 3_600_000_000) == 100_000)
    bucket.take(0, limit, at: start - 3_600_000_000)
    #expect(bucket.fullAt == start - 3_600_000_000 + limit.capacity)
  }

  @Test("A limit has numbers in their ranges, and a burst of ten seconds and at least ten by default")
  func limits() {
    #expect(RateLimit(0, per: .second) == nil && RateLimit(1_000_001, per: .second) == nil)
    #expect(
      RateLimit(1, per: .second, burst: 0) == nil && RateLimit(1, per: .second, burst: 1_000_001) == nil)
    #expect(RateLimit(50, per: .second)?.burst == 500 && RateLimit(50, per: .second)?.interval == 20_000)
    #expect(RateLimit(60, per: .minute)?.interval == 1_000_000 && RateLimit(60, per: .minute)?.burst == 10)
    #expect(RateLimit(1, per: .hour, burst: 3)?.capacity == 3 * 3_600_000_000)
    #expect(RateLimit(1_000_000, per: .second)?.interval == 1)
  }
}
