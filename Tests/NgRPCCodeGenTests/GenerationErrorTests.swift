import Foundation
import NgRPCCodeGen
import Testing

@Suite("What can't be generated is refused, and the place named")
struct GenerationErrorTests {
  @Test("A message that contains itself")
  func recursion() async throws {
    let refusal = try await ProtoSources("message Tree {\n  repeated Tree children = 1;\n}").refusal()
    #expect(refusal?.location == .init(file: "a/v1/a.proto", line: 4))
    #expect(refusal?.message.hasPrefix("the message a.v1.Tree contains itself (a.v1.Tree.children)") == true)
  }

  @Test("Messages that contain each other, through a oneof and a map")
  func mutualRecursion() async throws {
    let refusal = try await ProtoSources(
      """
      message A { oneof x { B b = 1; } }
      message B { map<string, C> cs = 1; }
      message C {
        A a = 1;
      }
      """
    ).refusal()
    #expect(refusal?.location?.line == 3)
    #expect(refusal?.message.contains("(a.v1.A.b → a.v1.B.cs → a.v1.C.a)") == true)
  }

  @Test("proto2")
  func proto2() async throws {
    let refusal = try await ProtoSources([
      "a/v1/a.proto":
        "// A comment.\nsyntax = \"proto2\";\npackage a.v1;\nmessage M { required int32 x = 1; }"
    ]).refusal()
    #expect("\(refusal!)".hasPrefix("a/v1/a.proto:2: only syntax = \"proto3\" is supported"))
  }

  @Test("An extension")
  func `extension`() async throws {
    let sources = try ProtoSources([
      "google/protobuf/descriptor.proto": """
      syntax = "proto2";
      package google.protobuf;
      message FieldOptions { extensions 1000 to max; }
      """,
      "a/v1/a.proto": """
      syntax = "proto3";
      package a.v1;
      import "google/protobuf/descriptor.proto";
      extend google.protobuf.FieldOptions {
        string note = 50000;
      }
      """,
    ])
    let generator = try await sources.generator()
    let refusal = #expect(throws: GenerationError.self) { try generator.swiftOutputs() }
    #expect("\(refusal!)" == "a/v1/a.proto:5: extensions are not supported: a.v1.note")
  }

  @Test("An import that no module generates")
  func foreignImport() async throws {
    let sources = try ProtoSources([
      "a/v1/a.proto":
        "syntax = \"proto3\";\npackage a.v1;\nimport \"b/v1/b.proto\";\nmessage A { b.v1.B b = 1; }",
      "b/v1/b.proto": "syntax = \"proto3\"; package b.v1; message B {}",
    ])
    let generator = try await sources.generator(
      GenerationPlan(output: "", modules: [.init(name: "A", directories: ["a/v1"])]))
    let refusal = #expect(throws: GenerationError.self) { try generator.swiftOutputs() }
    #expect(refusal?.location == .init(file: "a/v1/a.proto", line: 3))
    #expect(refusal?.message.hasPrefix("it imports b/v1/b.proto, which belongs to no module") == true)
  }

  @Test("A file without a package")
  func noPackage() async throws {
    let refusal = try await ProtoSources(["a/v1/a.proto": "syntax = \"proto3\";"]).refusal()
    #expect("\(refusal!)".hasPrefix("a/v1/a.proto:1: a package is missing"))
  }

  @Test("Names that are the same in Swift")
  func sameNames() async throws {
    let fields = try await ProtoSources("message M { oneof the_text { int32 a = 1; } int32 theText = 2; }")
      .refusal()
    #expect(
      fields?.message
        == "the oneof theText and a.v1.M.theText are both named theText in Swift, in a.v1.M; rename one")
    let types = try await ProtoSources("message A_b {}\nmessage AB {}").refusal()
    #expect(types?.message.hasPrefix("a.v1.A_b and a.v1.AB are both named AV1.AB in Swift") == true)
  }

  @Test(
    "A plan that is wrong says what is wrong",
    arguments: [
      ("{", "it is no JSON"), ("{\"output\": \"x\"}", "\"modules\" is missing"),
      ("{\"output\": 1, \"modules\": []}", "\"output\" has the wrong type"),
      (
        "{\"output\": \"x\", \"modules\": [{\"name\": \"A\", \"directories\": []}, {\"name\": \"A\", \"directories\": []}]}",
        "module \"A\" is declared twice"
      ),
    ])
  func plans(json: String, message: String) throws {
    let error = #expect(throws: GenerationError.self) { try GenerationPlan(json: Data(json.utf8)) }
    #expect(error?.message.hasPrefix(message) == true, "\(error!.message)")
  }
}
