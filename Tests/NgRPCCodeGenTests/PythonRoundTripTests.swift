import CodeGenFixtures
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("Python's protobuf and generated Swift understand each other")
struct PythonRoundTripTests {
  private let folder = try! TemporaryDirectory("messages")

  private func python(_ arguments: String...) async throws {
    var command = try Repository.python("random_messages.py")
    command.arguments += arguments
    let result = try await run(command)
    #expect(result.exit == .code(0), "\(result.errors)")
  }

  @Test(
    "Random messages arrive in Swift with the content that Python gave them, and go back unchanged",
    arguments: [1, 2])
  func randomMessages(seed: Int) async throws {
    let made = "\(folder.path)/made"
    try await python("make", "\(seed)", "400", made)
    var records = try MessageRecord.read(made)
    #expect(records.count == 400)
    for index in records.indices {
      let message = try records[index].decoded()
      let difference = firstDifference(canonicalText(message), records[index].text)
      try #require(difference == nil, "message \(index), \(records[index].type)")
      records[index].bytes = try message.serialized()
    }
    let answered = "\(folder.path)/answered"
    try MessageRecord.write(records, to: answered)
    try await python("compare", made, answered)
  }
}
