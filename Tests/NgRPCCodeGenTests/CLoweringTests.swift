import SwiftProtobuf
import SwiftProtobufPluginLibrary
import Testing

@testable import NgRPCCodeGen

@Suite("What protoc-gen-c gets")
struct CLoweringTests {
  private func lowered(_ text: String) async throws -> Google_Protobuf_FileDescriptorProto {
    let sources = try ProtoSources(text)
    let request = try await sources.generator().cRequest(for: sources.plan.modules[0])
    return try Google_Protobuf_Compiler_CodeGeneratorRequest(serializedBytes: request).protoFile.last!
  }

  @Test("Strings are counted bytes, enums are numbers, and comments, services and enums are gone")
  func types() async throws {
    let file = try await lowered(
      """
      // A comment.
      message M { string text = 1; E e = 2; repeated E es = 3 [packed = false]; }
      enum E { E_A = 0; }
      service S { rpc C(M) returns (M); }
      """)
    let fields = file.messageType[0].field
    // (pb_c_field).string_as_bytes: field 1019 with a message whose field 1 is true.
    #expect(try fields[0].options.serializedBytes() as [UInt8] == [0xDA, 0x3F, 2, 8, 1])
    #expect(fields[1].type == .int32 && fields[2].type == .int32)
    #expect(fields[2].options.hasPacked && !fields[2].options.packed)
    #expect(file.enumType.isEmpty && file.service.isEmpty && !file.hasSourceCodeInfo)
  }

  @Test("Presence is a oneof of one field, and a message is a list")
  func presence() async throws {
    let file = try await lowered(
      """
      message M {
        optional int32 a = 1;
        optional M2 b = 2;
        float c = 3;
        M2 d = 4;
        oneof e { float f = 5; M2 g = 6; }
        optional string h = 7;
      }
      message M2 {}
      """)
    let message = file.messageType[0]
    let oneofs = message.field.map { $0.hasOneofIndex ? message.oneofDecl[Int($0.oneofIndex)].name : nil }
    #expect(oneofs == ["a_presence", nil, "c_presence", nil, "e", "e", "h_presence"])
    #expect(message.field.map { $0.label == .repeated } == [false, true, false, true, false, false, false])
    #expect(!message.field.contains { $0.proto3Optional })
  }

  @Test("Members that would collide are told apart by their numbers")
  func members() async throws {
    let file = try await lowered(
      "message M { int32 base = 1; int32 class = 2; repeated int32 item = 3; int32 n_item = 4; int32 camelCase = 5; }"
    )
    #expect(file.messageType[0].field.map(\.name) == ["base_1", "class_2", "item", "n_item_4", "camelcase"])
  }
}
