import CodeGenFixtures
import NgRPC
import SharedFixtures
import SwiftProtobuf
import Testing

@Suite("File descriptors for reflection")
struct FileDescriptorTests {
  private let file = CodeGenFixturesDescriptors.all.first { $0.name == "fixtures/v1/names.proto" }!

  @Test("A descriptor is protoc's own, byte for byte, without comments")
  func serialized() throws {
    let proto = try Google_Protobuf_FileDescriptorProto(serializedBytes: file.serialized)
    #expect(proto.name == "fixtures/v1/names.proto")
    #expect(proto.package == "fixtures.v1")
    #expect(proto.messageType.map(\.name) == ["Names", "Nesting"])
    #expect(proto.service.map(\.name) == ["Calls"])
    #expect(!proto.hasSourceCodeInfo)
    // Not what the C is made from.
    #expect(proto.messageType[0].field.first { $0.name == "thing" }?.proto3Optional == true)
  }

  @Test("It names its imports, its services and its symbols")
  func symbols() {
    #expect(file.imports == ["fixtures/v1/everything.proto"])
    #expect(file.services == ["fixtures.v1.Calls"])
    #expect(file.symbols.contains("fixtures.v1.Names.Kind"))
    #expect(file.symbols.contains("fixtures.v1.Calls.Single"))
    #expect(!file.symbols.contains("fixtures.v1.Names.EntryEntry"))
    #expect(CodeGenFixturesDescriptors.all[0].imports == ["fixtures/shared/v1/shared.proto"])
  }
}
