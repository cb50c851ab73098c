import Testing

@testable import NgRPCCodeGen

@Suite("Names")
struct NamesTests {
  @Test(
    "A package becomes a namespace",
    arguments: [
      ("cim.v1", "CimV1"), ("grpc.reflection.v1alpha", "GrpcReflectionV1alpha"), ("my_pkg", "MyPkg"),
    ])
  func namespaces(package: String, name: String) {
    #expect(SwiftNames.namespace(package) == name)
  }

  @Test(
    "A field becomes a property, escaped where Swift asks for it",
    arguments: [
      ("user_id", "userID"), ("name", "name"), ("logged_at_ms", "loggedAtMs"), ("default", "`default`"),
      ("self", "self_"), ("init", "init_"), ("description", "description_"), ("camelCase", "camelCase"),
    ])
  func properties(field: String, name: String) {
    #expect(SwiftNames.property(field) == name)
  }

  @Test(
    "An enum's value loses the enum's name in front",
    arguments: [
      ("ACK_LEVEL_LOGGED", "AckLevel", "logged"), ("SERVING", "ServingStatus", "serving"),
      ("ACK_LEVELLED", "AckLevel", "ackLevelled"), ("KIND_3D", "Kind", "kind3D"), ("KIND", "Kind", "kind"),
      ("KIND_DEFAULT", "Kind", "`default`"), ("KIND_SELF", "Kind", "self_"),
      ("REFUSAL_REASON_NOT_A_MEMBER", "RefusalReason", "notAMember"),
    ])
  func enumValues(value: String, enumeration: String, name: String) {
    #expect(SwiftNames.enumValue(value, in: enumeration) == name)
  }

  @Test("A oneof has no case that hides one of Optional's", arguments: ["none", "some"])
  func oneofCases(field: String) {
    #expect(SwiftNames.oneofCase(field) == field + "_")
  }

  @Test(
    "A type that would hide one that generated code uses gets an underscore",
    arguments: ["String", "Type", "RPCRouter"])
  func types(name: String) {
    #expect(SwiftNames.type(name) == name + "_")
    #expect(SwiftNames.type("Hello") == "Hello")
  }

  @Test(
    "C types and functions are named as protoc-gen-c names them",
    arguments: [
      ("cim.v1.SendId", "Cim__V1__SendId", "cim__v1__send_id__init"),
      ("t.x.M.MEntry", "T__X__M__MEntry", "t__x__m__mentry__init"),
      ("my_pkg.N2M.HTTPServer", "MyPkg__N2M__HTTPServer", "my_pkg__n2_m__httpserver__init"),
    ])
  func cStructures(name: String, type: String, initializer: String) {
    #expect(CNames.structure(name) == CStruct(type: type, initializer: initializer))
  }
}
