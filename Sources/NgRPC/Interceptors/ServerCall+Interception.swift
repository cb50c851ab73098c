import NIOCore

extension ServerCall {
  /// Lets an intercepted call pass its interceptors, one after another, and then begins it.
  func letIn(_ interception: ServerCallInterception, to route: RPCRouter.Route) {
    guard !hasEnded else { return }
    do {
      var context = ServerContext(self)
      switch try interception.advance(&context) {
      case .handler: begin(route.begin, after: interception)
      case .hold(let admission): hold(context, until: admission, to: route)
      }
    } catch {
      fail(RPCError(thrownByInterceptor: error))
    }
  }

  /// Keeps the call waiting until `admission` has returned. The call's end cancels it.
  private func hold(
    _ context: ServerContext, until admission: @escaping ServerInterception.Admission,
    to route: RPCRouter.Route
  ) {
    run {
      do {
        var context = context
        try await admission(&context)
        let values = context.values
        self.onEventLoop { call in
          guard let interception = call.interception else { return }
          interception.values = values
          call.letIn(interception, to: route)
        }
      } catch {
        let error = RPCError(thrownByInterceptor: error)
        self.onEventLoop { $0.fail(error) }
      }
    }
  }

  /// An `async` handler with the interceptors' advice around it.
  static func advised(
    _ handler: @escaping @Sendable (ServerCall) async throws -> Void,
    by advice: ArraySlice<ServerInterception.Advice>
  ) -> @Sendable (ServerCall) async throws -> Void {
    guard let outermost = advice.first else { return handler }
    let inner = advised(handler, by: advice.dropFirst())
    return { call in try await outermost { try await inner(call) } }
  }
}
