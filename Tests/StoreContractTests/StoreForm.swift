import CIMCore
import Testing

/// One implementation of the stores. Every test of the contract runs on each.
struct StoreForm: Sendable, CustomTestStringConvertible {
  /// All forms there are.
  static let all = [Self.inMemory, .redis]

  let testDescription: String

  /// Runs a test on stores of its own, without anything in them.
  let run: @Sendable (MessageLogLimits, DelayedLimits, (Stores) async throws -> Void) async throws -> Void

  func withStores(
    limits: MessageLogLimits = .defaults, delayed: DelayedLimits = .defaults,
    _ test: (Stores) async throws -> Void
  ) async throws {
    try await self.run(limits, delayed, test)
  }

  static let inMemory = Self(testDescription: "in memory") { limits, delayed, test in
    try await test(.inMemory(limits: limits, delayed: delayed))
  }
}
