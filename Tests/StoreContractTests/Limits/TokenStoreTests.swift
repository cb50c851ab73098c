import CIMCore
import TestSupport
import Testing

@Suite("The contract of shared buckets of tokens")
struct TokenStoreTests {
  private static func hourly(_ count: Int = 1, burst: Int) -> RateLimit {
    RateLimit(count, per: .hour, burst: burst)!
  }

  /// What ada says with a device.
  private static func ada(
    _ device: DeviceID?, _ user: RateLimit?, _ ofDevice: RateLimit? = nil
  ) -> TokenDemand {
    TokenDemand(sender: Account.ada.id, user, device: device, ofDevice)!
  }

  private static func refusal(_ grant: TokenGrant) throws -> TokenRefusal {
    guard case .refused(let refusal) = grant else { throw DeadlineExceeded("\(grant) is no refusal") }
    return refusal
  }

  @Test(
    "A bucket gives what it has and no more, and then says whose it is and for how long it is empty",
    arguments: StoreForm.all)
  func burst(form: StoreForm) async throws {
    try await form.withStores { stores in
      let demand = Self.ada(nil, Self.hourly(burst: 5))
      #expect(try await stores.limits.take(3, by: demand) == .granted(3))
      #expect(try await stores.limits.take(3, by: demand) == .granted(2))
      let refusal = try Self.refusal(try await stores.limits.take(1, by: demand))
      #expect(refusal.subject == .user(Account.ada.id))
      #expect(3_500_000...3_600_000 ~= refusal.milliseconds)
    }
  }

  @Test("Tokens come back at their rate", arguments: StoreForm.all)
  func refill(form: StoreForm) async throws {
    try await form.withStores { stores in
      let demand = Self.ada(nil, RateLimit(10, per: .second, burst: 1)!)
      let start = ContinuousClock.now
      #expect(try await stores.limits.take(4, by: demand) == .granted(1))
      var granted = 0
      try await eventually("three more have come") {
        if case .granted(let count) = try await stores.limits.take(4, by: demand) { granted += count }
        return granted >= 3
      }
      // Clocks may differ by a little.
      #expect(granted == 3 && ContinuousClock.now - start >= .milliseconds(290))
    }
  }

  @Test(
    "What is taken of several buckets is taken of all or of none; the one that lacks longest is named",
    arguments: StoreForm.all)
  func several(form: StoreForm) async throws {
    try await form.withStores { stores in
      let (user, device) = (Self.hourly(2, burst: 3), Self.hourly(burst: 2))
      let (phone, laptop) = (Self.ada(.phone, user, device), Self.ada(.laptop, user, device))
      #expect(try await stores.limits.take(5, by: phone) == .granted(2))
      let ofPhone = try Self.refusal(try await stores.limits.take(1, by: phone))
      #expect(ofPhone.subject == .device(UserDevice(user: Account.ada.id, device: .phone)))
      #expect(try await stores.limits.take(5, by: laptop) == .granted(1), "the user has one left")
      let ofUser = try Self.refusal(try await stores.limits.take(1, by: laptop))
      #expect(ofUser.subject == .user(Account.ada.id))
      let alone = Self.ada(.laptop, nil, device)
      #expect(try await stores.limits.take(5, by: alone) == .granted(1), "what was refused cost nothing")
    }
  }

  @Test(
    "Users, devices, addresses, logins and registrations have buckets of their own", arguments: StoreForm.all)
  func apart(form: StoreForm) async throws {
    try await form.withStores { stores in
      let limit = Self.hourly(burst: 1)
      let demands = [
        Self.ada(nil, limit), Self.ada(.phone, nil, limit), Self.ada(.laptop, nil, limit),
        TokenDemand(sender: Account.bob.id, limit, device: nil, nil)!,
        TokenDemand(sender: Account.bob.id, nil, device: .phone, limit)!,
        TokenDemand(loginsFrom: "192.0.2.1", limit), TokenDemand(loginsFrom: "2001:db8:0:1::/64", limit),
        TokenDemand(registrationsFrom: "192.0.2.1", limit),
      ]
      for demand in demands {
        let grant = try await stores.limits.take(2, by: demand)
        #expect(grant == .granted(1))
      }
      for demand in demands {
        let refusal = try Self.refusal(try await stores.limits.take(1, by: demand))
        #expect(refusal.subject == demand.parts[0].subject)
      }
    }
  }

  @Test("Any number of routes that take at once get no more than there is", arguments: StoreForm.all)
  func shared(form: StoreForm) async throws {
    try await form.withStores { stores in
      let demand = Self.ada(.phone, Self.hourly(burst: 50), Self.hourly(burst: 60))
      let grants = try await concurrently(30) { index in
        try await stores.limits.take(1 + index % 5, by: demand)
      }
      let granted = grants.reduce(0) { sum, grant in
        if case .granted(let count) = grant { sum + count } else { sum }
      }
      #expect(granted == 50)
    }
  }

  @Test(
    "A limit that is lowered makes a bucket empty at most, and a higher one gives more",
    arguments: StoreForm.all)
  func changed(form: StoreForm) async throws {
    try await form.withStores { stores in
      let all = try await stores.limits.take(100, by: Self.ada(nil, Self.hourly(burst: 100)))
      #expect(all == .granted(100))
      let lower = Self.ada(nil, RateLimit(20, per: .second, burst: 2)!)
      let refusal = try Self.refusal(try await stores.limits.take(1, by: lower))
      #expect(refusal.milliseconds <= 50)
      let other = TokenDemand(sender: Account.bob.id, Self.hourly(burst: 2), device: nil, nil)!
      #expect(try await stores.limits.take(9, by: other) == .granted(2))
      let higher = TokenDemand(sender: Account.bob.id, Self.hourly(burst: 5), device: nil, nil)!
      #expect(try await stores.limits.take(9, by: higher) == .granted(3))
    }
  }
}
