/// Writes a service: its methods, the protocol that a server implements, and the client.
enum ServiceRenderer {
  static func render(_ service: ServiceModel, into writer: inout SourceWriter) {
    writer.line()
    writer.block("extension \(service.scope)") { writer in
      writer.docs(service.docs)
      writer.block("public enum \(service.name)") { writer in
        writer.line("/// The service's full name.")
        writer.line("public static let name = \"\(service.protoName)\"")
        writer.line()
        renderMethods(of: service, into: &writer)
        writer.line()
        renderProtocol(of: service, into: &writer)
        writer.line()
        renderClient(of: service, into: &writer)
      }
    }
    writer.line()
    renderRegistration(of: service, into: &writer)
  }

  private static func renderMethods(of service: ServiceModel, into writer: inout SourceWriter) {
    writer.line("/// The service's methods.")
    writer.block("public enum Methods") { writer in
      for method in service.methods {
        writer.line(
          "public static let \(method.name) = MethodDescriptor(service: \(service.typeName).name, "
            + "method: \"\(method.protoName)\", kind: .\(method.kind.rawValue))")
      }
      writer.line("/// All of them, in the order of the .proto file.")
      let names = service.methods.map(\.name).joined(separator: ", ")
      writer.line("public static let all: [MethodDescriptor] = [\(names)]")
    }
  }

  private static func renderProtocol(of service: ServiceModel, into writer: inout SourceWriter) {
    writer.docs(service.docs)
    writer.block("public protocol Service: RPCService") { writer in
      for method in service.methods {
        writer.docs(method.docs)
        writer.line(method.handlerSignature)
      }
    }
  }

  private static func renderClient(of service: ServiceModel, into writer: inout SourceWriter) {
    writer.docs(service.docs)
    writer.block("public struct Client: Sendable") { writer in
      writer.line("/// What carries the calls.")
      writer.line("public let channel: RPCChannel")
      writer.line()
      writer.block("public init(_ channel: RPCChannel)") { $0.line("self.channel = channel") }
      for method in service.methods {
        writer.line()
        writer.docs(method.docs)
        writer.block(method.clientSignature) { writer in
          for line in method.clientBody(of: service) { writer.line(line) }
        }
      }
    }
  }

  private static func renderRegistration(of service: ServiceModel, into writer: inout SourceWriter) {
    writer.block("extension \(service.typeName).Service") { writer in
      writer.line("/// Adds every method of the service.")
      writer.block("public func register(with router: inout RPCRouter)") { writer in
        for method in service.methods {
          let names = method.handlerArguments
          let parameters = names.joined(separator: ", ")
          writer.block(
            "router.\(method.kind.rawValue)(\(service.typeName).Methods.\(method.name))"
          ) { writer in
            writer.line("(\(method.handlerParameters)) in")
            let call = parameters.replacing("responses", with: "responses: responses")
              .replacing("context", with: "context: context")
            writer.line("try await self.\(method.name)(\(call))")
          }
        }
      }
    }
  }
}

extension MethodModel {
  private var streamsRequests: Bool { kind == .clientStreaming || kind == .bidirectional }
  private var streamsResponses: Bool { kind == .serverStreaming || kind == .bidirectional }

  fileprivate var handlerSignature: String {
    let requests = streamsRequests ? "_ requests: RequestStream<\(request)>" : "_ request: \(request)"
    let responses = streamsResponses ? ", responses: ResponseWriter<\(response)>" : ""
    let result = streamsResponses ? "" : " -> \(response)"
    return "func \(name)(\(requests)\(responses), context: ServerContext) async throws\(result)"
  }

  fileprivate var handlerArguments: [String] {
    [streamsRequests ? "requests" : "request"] + (streamsResponses ? ["responses"] : []) + ["context"]
  }

  /// With types, because a router's method is generic over the messages.
  fileprivate var handlerParameters: String {
    let requests = streamsRequests ? "requests: RequestStream<\(request)>" : "request: \(request)"
    let responses = streamsResponses ? ", responses: ResponseWriter<\(response)>" : ""
    return "\(requests)\(responses), context: ServerContext"
  }

  fileprivate var clientSignature: String {
    let options = "options: CallOptions = .defaults"
    return switch kind {
    case .unary: "public func \(name)(_ request: \(request), \(options)) async throws -> \(response)"
    case .serverStreaming:
      "public func \(name)(_ request: \(request), \(options)) throws -> ClientCall<\(request), \(response)>"
    case .clientStreaming, .bidirectional:
      "public func \(name)(\(options)) -> ClientCall<\(request), \(response)>"
    }
  }

  fileprivate func clientBody(of service: ServiceModel) -> [String] {
    let method = "\(service.typeName).Methods.\(name)"
    let call = "channel.call(\(method), options: options, (\(request).self, \(response).self))"
    return switch kind {
    case .unary: ["try await channel.unary(\(method), request, options: options)"]
    case .serverStreaming:
      ["let call = \(call)", "defer { call.finish() }", "try call.send(immediately: request)", "return call"]
    case .clientStreaming, .bidirectional: [call]
    }
  }
}
