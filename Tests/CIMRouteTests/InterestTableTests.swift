import CIMCore
import CIMProtos
import Testing

@testable import CIMRoute

@Suite("The interest table")
struct InterestTableTests {
  private let one: ServerInstance
  private let two: ServerInstance

  init() throws {
    one = ServerInstance(id: try ServerID("s1"), incarnation: try Incarnation("a"))
    two = ServerInstance(id: try ServerID("s2"), incarnation: try Incarnation("a"))
  }

  @Test("It knows the servers of a conversation as they come and go")
  func changes() {
    var table = InterestTable()
    table.apply(CimV1.Interest(version: 1, added: ["lobby", "g:a"]), of: one, isFirst: true)
    table.apply(CimV1.Interest(version: 1, added: ["lobby"]), of: two, isFirst: true)
    #expect(table.servers(of: "lobby") == [one, two])
    table.apply(CimV1.Interest(version: 2, removed: ["lobby", "never"]), of: one, isFirst: false)
    #expect(table.servers(of: "lobby") == [two])
    #expect(table.servers(of: "g:a") == [one])
    table.remove(two)
    #expect(table.servers(of: "lobby") == [])
  }

  @Test("A link's first word replaces what was known of the server")
  func first() {
    var table = InterestTable()
    table.apply(CimV1.Interest(version: 9, added: ["lobby"]), of: one, isFirst: true)
    table.apply(CimV1.Interest(version: 1, added: ["g:a"]), of: one, isFirst: true)
    #expect(table.servers(of: "lobby") == [])
    #expect(table.servers(of: "g:a") == [one])
  }
}
