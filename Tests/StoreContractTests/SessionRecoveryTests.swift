import CIMCore
import Testing

@Suite("Sessions that outlive what they stood on")
struct SessionRecoveryTests {
  private let ada = Account.ada.id
  private let bob = Account.bob.id

  private func open(
    _ stores: Stores, _ user: UserID, _ device: DeviceID = .phone, on instance: ServerInstance = .one
  ) async throws -> Session {
    try await stores.sessions.open(user: user, device: device, on: instance, loginGeneration: 1).session
  }

  private func moved(_ session: Session, to instance: ServerInstance) -> Session {
    Session(
      user: session.user, device: session.device, epoch: session.epoch, instance: instance,
      loginGeneration: session.loginGeneration)
  }

  @Test(
    "A session that is stated again stands on its server's new registration alone", arguments: StoreForm.all)
  func restate(form: StoreForm) async throws {
    try await form.withStores { stores in
      let session = moved(try await open(stores, ada), to: .oneReturned)
      #expect(try await stores.sessions.restate(session) == .stands)
      #expect(try await stores.sessions.restate(session) == .stands)
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [session]])
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10).isEmpty)
      #expect(try await stores.sessions.onlineUsers(on: [.oneReturned], after: nil, limit: 10) == [ada])
    }
  }

  @Test(
    "A session that the store has lost stands again, and the next one has a greater epoch",
    arguments: StoreForm.all)
  func lost(form: StoreForm) async throws {
    try await form.withStores { stores in
      let future = Session(
        user: ada, device: .phone, epoch: SessionEpoch(Timestamp.now().milliseconds + 3_600_000),
        instance: .one, loginGeneration: 4)
      #expect(try await stores.sessions.restate(future) == .stands)
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [future]])
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10) == [ada])
      #expect(try await stores.sessions.close(user: ada, device: .phone, epoch: future.epoch))
      let next = try await open(stores, ada)
      #expect(next.epoch > future.epoch)
    }
  }

  @Test(
    "A session that is stated again does not stand where a newer one does, and takes the place of an older one",
    arguments: StoreForm.all)
  func newer(form: StoreForm) async throws {
    try await form.withStores { stores in
      let old = try await open(stores, ada)
      let new = try await open(stores, ada, on: .two)
      #expect(try await stores.sessions.restate(old) == .superseded)
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [new]])
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10).isEmpty)
      let newest = Session(
        user: ada, device: .phone, epoch: SessionEpoch(new.epoch.rawValue + 1), instance: .one,
        loginGeneration: 1)
      #expect(try await stores.sessions.restate(newest) == .stands)
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [newest]])
      #expect(try await stores.sessions.onlineUsers(on: [.two], after: nil, limit: 10).isEmpty)
    }
  }

  @Test(
    "A session that was swept stands again; one that a newer one replaced does not, though that is closed",
    arguments: StoreForm.all)
  func replacedAndClosed(form: StoreForm) async throws {
    try await form.withStores { stores in
      let swept = try await open(stores, ada)
      // Another device of the user, which has a greater epoch, is nothing to it.
      _ = try await open(stores, ada, .laptop, on: .two)
      _ = try await stores.sessions.sweep(.one, limit: 10)
      #expect(try await stores.sessions.restate(swept) == .stands)
      let newer = try await open(stores, ada, on: .two)
      #expect(try await stores.sessions.close(user: ada, device: .phone, epoch: newer.epoch))
      #expect(try await stores.sessions.restate(swept) == .superseded)
      #expect(try await stores.sessions.sessions(of: [ada])[ada]?.map(\.device) == [.laptop])
    }
  }

  @Test("Epochs of a user's devices differ, in the order of their opening", arguments: StoreForm.all)
  func epochsOfDevices(form: StoreForm) async throws {
    try await form.withStores { stores in
      var last = SessionEpoch(0)
      for number in 1...100 {
        let session = try await open(stores, ada, try DeviceID("device-\(number)"))
        #expect(session.epoch > last)
        last = session.epoch
      }
    }
  }

  @Test(
    "A close for one registration of a server leaves what another has stated again", arguments: StoreForm.all)
  func closeOnInstance(form: StoreForm) async throws {
    try await form.withStores { stores in
      let old = try await open(stores, ada)
      let session = moved(old, to: .oneReturned)
      _ = try await stores.sessions.restate(session)
      #expect(try await !stores.sessions.close(user: ada, device: .phone, epoch: old.epoch, on: .one))
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [session]])
      #expect(try await stores.sessions.close(user: ada, device: .phone, epoch: old.epoch, on: .oneReturned))
    }
  }

  @Test(
    "A sweep removes what a server left behind, in steps, and nothing that moved on", arguments: StoreForm.all
  )
  func sweep(form: StoreForm) async throws {
    try await form.withStores { stores in
      for number in 1...25 as ClosedRange<UInt64> { _ = try await open(stores, UserID(number)) }
      let restated = moved(try await open(stores, UserID(26)), to: .oneReturned)
      _ = try await stores.sessions.restate(restated)
      let elsewhere = try await open(stores, UserID(1), .laptop, on: .two)
      let reopened = try await open(stores, UserID(2), on: .two)
      var steps = 0
      var removed = 0
      while true {
        let sweep = try await stores.sessions.sweep(.one, limit: 10)
        steps += 1
        removed += sweep.removed
        if sweep.isComplete { break }
      }
      #expect(steps >= 3)
      #expect(removed == 24)
      let users = (1...26).map { UserID(UInt64($0)) }
      #expect(
        try await stores.sessions.sessions(of: users) == [
          UserID(1): [elsewhere], UserID(2): [reopened], UserID(26): [restated],
        ])
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10).isEmpty)
      #expect(try await stores.sessions.sweep(.one, limit: 10) == SessionSweep(removed: 0, isComplete: true))
    }
  }

  @Test(
    "Servers are known from the first session on them, until they are forgotten", arguments: StoreForm.all)
  func knownInstances(form: StoreForm) async throws {
    try await form.withStores { stores in
      #expect(try await stores.sessions.knownInstances().isEmpty)
      let session = try await open(stores, ada)
      _ = try await stores.sessions.restate(moved(session, to: .oneReturned))
      _ = try await open(stores, bob, on: .two)
      #expect(try await Set(stores.sessions.knownInstances()) == [.one, .oneReturned, .two])
      #expect(try await stores.sessions.forget(.one))
      #expect(try await !stores.sessions.forget(.two))
      #expect(try await Set(stores.sessions.knownInstances()) == [.oneReturned, .two])
    }
  }
}
