/// What interceptors of servers and of channels have in common. Conform to ``ServerInterceptor``, ``ClientInterceptor`` or both.
public protocol RPCInterceptor: Sendable {
  /// Whether this interceptor has to do with calls of `method`; true unless implemented.
  ///
  /// A server asks once for each method that it has, when it is made, and for each call of one that it does not have; a
  /// channel asks for each call.
  func applies(to method: MethodDescriptor) -> Bool
}

extension RPCInterceptor {
  public func applies(to method: MethodDescriptor) -> Bool { true }

  /// This interceptor, for the methods of `filter` alone.
  public func applied(to filter: MethodFilter) -> FilteredInterceptor<Self> {
    FilteredInterceptor(base: self, filter: filter)
  }
}

/// An interceptor for some methods: see ``RPCInterceptor/applied(to:)``.
public struct FilteredInterceptor<Base: RPCInterceptor>: RPCInterceptor {
  let base: Base
  let filter: MethodFilter

  public func applies(to method: MethodDescriptor) -> Bool {
    filter.includes(method) && base.applies(to: method)
  }
}

extension FilteredInterceptor: ServerInterceptor where Base: ServerInterceptor {
  public func intercept(_ call: inout ServerContext) throws -> ServerInterception {
    try base.intercept(&call)
  }
}

extension FilteredInterceptor: ClientInterceptor where Base: ClientInterceptor {
  public func intercept(_ call: inout ClientContext) throws -> sending ClientInterception {
    try base.intercept(&call)
  }
}
