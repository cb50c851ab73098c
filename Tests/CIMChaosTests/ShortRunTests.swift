import TestSupport
import Testing

@Suite struct ShortRunTests {
  /// A minute of it: `make chaos` is the long form, with every kind of fault.
  @Test func `a system of real processes keeps every promise through a few faults`() async throws {
    let seed = UInt64.random(in: 1...999_999)
    let arguments = [
      "run", "--short", "--seed", "\(seed)", "--faults", "6", "--span", "18", "--messages", "1000",
      "--rate", "60", "--hosts", "5", "--clients", "2", "--servers", "2",
    ]
    let run = try ChildProcess(Command(Repository.product("cim-chaos"), arguments))
    let exit = try await run.waitUntilExit(within: .seconds(240))
    #expect(exit == .code(0), "cim-chaos \(arguments.joined(separator: " ")):\n\(run.output.text)")
  }
}
