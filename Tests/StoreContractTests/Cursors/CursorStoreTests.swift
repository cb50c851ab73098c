import CIMCore
import Testing

@Suite("Cursor store")
struct CursorStoreTests {
  private let phone = UserDevice(user: Account.ada.id, device: .phone)
  private let laptop = UserDevice(user: Account.ada.id, device: .laptop)
  private let other = UserDevice(user: Account.bob.id, device: .phone)

  private func position(_ epoch: UInt64, _ seq: UInt64) -> LogPosition {
    LogPosition(epoch: epoch, seq: seq)
  }

  @Test("A device has its own cursors; its user's are those of the furthest device", arguments: StoreForm.all)
  func furthest(form: StoreForm) async throws {
    try await form.withStores { stores in
      try await stores.cursors.advance([
        CursorAdvance(phone, to: [.lobby: position(1, 5), .adaAndBob: position(1, 1)]),
        CursorAdvance(laptop, to: [.lobby: position(1, 3)]),
        CursorAdvance(other, to: [.lobby: position(1, 9)]),
      ])
      let found = try await stores.cursors.cursors(of: [phone, laptop, other])
      let user = [Conversation.lobby: position(1, 5), .adaAndBob: position(1, 1)]
      #expect(found[phone] == DeviceCursors(device: user, user: user))
      #expect(found[laptop] == DeviceCursors(device: [.lobby: position(1, 3)], user: user))
      #expect(found[other]?.user == [.lobby: position(1, 9)])
      #expect(try await stores.cursors.cursor(of: phone.user, in: .lobby) == position(1, 5))
      #expect(try await stores.cursors.cursor(of: phone.user, in: .friends) == nil)
    }
  }

  @Test("Cursors never go back, and a later epoch is ahead whatever the number", arguments: StoreForm.all)
  func upwards(form: StoreForm) async throws {
    try await form.withStores { stores in
      let steps: [(LogPosition, LogPosition)] = [
        (position(10, 9), position(10, 9)), (position(10, 10), position(10, 10)),
        (position(10, 2), position(10, 10)), (position(9, 100), position(10, 10)),
        (position(11, 1), position(11, 1)), (position(10, 99), position(11, 1)),
        (position(100, 1), position(100, 1)),
        (position(.max, .max - 1), position(.max, .max - 1)),
        (position(.max, .max), position(.max, .max)),
        (position(.max, .max - 1), position(.max, .max)),
      ]
      for (step, expected) in steps {
        try await stores.cursors.advance([CursorAdvance(phone, to: [.lobby: step])])
        let found = try await stores.cursors.cursors(of: [phone])[phone]
        #expect(found?.device == [.lobby: expected])
        #expect(found?.user == [.lobby: expected])
      }
    }
  }

  @Test("Of 50 advances at once the furthest stands", arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await form.withStores { stores in
      let phone = phone
      _ = try await concurrently(50) { index in
        try await stores.cursors.advance([
          CursorAdvance(phone, to: [.lobby: LogPosition(epoch: 1, seq: UInt64(index) + 1)])
        ])
      }
      #expect(try await stores.cursors.cursor(of: phone.user, in: .lobby) == position(1, 50))
    }
  }

  @Test("A device begins where it is told, once, and its user's cursor stays", arguments: StoreForm.all)
  func begin(form: StoreForm) async throws {
    try await form.withStores { stores in
      #expect(try await stores.cursors.begin(phone, in: .lobby, at: .beginning) == .beginning)
      #expect(try await stores.cursors.begin(phone, in: .lobby, at: position(1, 7)) == .beginning)
      #expect(try await stores.cursors.begin(laptop, in: .lobby, at: position(1, 7)) == position(1, 7))
      #expect(try await stores.cursors.cursor(of: phone.user, in: .lobby) == nil)
      try await stores.cursors.advance([CursorAdvance(phone, to: [.lobby: position(1, 8)])])
      #expect(try await stores.cursors.begin(phone, in: .lobby, at: position(1, 9)) == position(1, 8))
    }
  }

  @Test(
    "A device that begins is where its user is in all other conversations, and goes its own way from there",
    arguments: StoreForm.all)
  func beginWithUser(form: StoreForm) async throws {
    try await form.withStores { stores in
      try await stores.cursors.advance([
        CursorAdvance(phone, to: [.lobby: position(1, 5), .adaAndBob: position(1, 2)])
      ])
      try await stores.cursors.advance([CursorAdvance(laptop, to: [.friends: position(1, 1)])])
      #expect(try await stores.cursors.begin(laptop, in: .lobby, at: position(1, 9)) == position(1, 9))
      let begun = [
        Conversation.lobby: position(1, 9), .adaAndBob: position(1, 2), .friends: position(1, 1),
      ]
      #expect(try await stores.cursors.cursors(of: [laptop])[laptop]?.device == begun)
      try await stores.cursors.advance([
        CursorAdvance(phone, to: [.adaAndBob: position(1, 7), .adaAndCarol: position(1, 1)])
      ])
      _ = try await stores.cursors.begin(laptop, in: .lobby, at: position(1, 20))
      let later = try await stores.cursors.cursors(of: [laptop])[laptop]
      #expect(later?.device == begun)
      #expect(later?.user[.lobby] == position(1, 5))
      #expect(later?.user[.adaAndBob] == position(1, 7))
    }
  }

  @Test(
    "Only the cursors of some conversations are looked up where those are named", arguments: StoreForm.all)
  func some(form: StoreForm) async throws {
    try await form.withStores { stores in
      for device in [phone, other] {
        try await stores.cursors.advance([
          CursorAdvance(device, to: [.lobby: position(1, 1), .adaAndBob: position(1, 2)])
        ])
      }
      let found = try await stores.cursors.cursors(
        of: [phone, laptop, other], in: [phone: [.adaAndBob, .friends], laptop: []])
      let one = [Conversation.adaAndBob: position(1, 2)]
      #expect(found[phone] == DeviceCursors(device: one, user: one))
      #expect(found[laptop] == DeviceCursors(device: [:], user: [:]))
      #expect(found[other]?.device.count == 2)
    }
  }

  @Test("A device that is not known has none", arguments: StoreForm.all)
  func unknown(form: StoreForm) async throws {
    try await form.withStores { stores in
      #expect(
        try await stores.cursors.cursors(of: [phone]) == [phone: DeviceCursors(device: [:], user: [:])])
      #expect(try await stores.cursors.cursors(of: []).isEmpty)
      try await stores.cursors.advance([])
    }
  }
}
