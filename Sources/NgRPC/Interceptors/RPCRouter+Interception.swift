extension RPCRouter {
  /// Has `interceptors` step into the calls of the methods that they apply to. What has none is left as it is.
  mutating func intercept(with interceptors: [any ServerInterceptor]) {
    guard !interceptors.isEmpty else { return }
    self.interceptors = interceptors
    for (path, route) in routes {
      let applying = interceptors.filter { $0.applies(to: route.method) }
      if !applying.isEmpty { routes[path]?.interceptors = applying }
    }
  }

  /// The way of a call whose method is not here, so that interceptors see it; nil when there are none for it, or when `path`
  /// names no method.
  func unregisteredRoute(_ path: String) -> Route? {
    guard !interceptors.isEmpty, let method = MethodDescriptor(path: path) else { return nil }
    let applying = interceptors.filter { $0.applies(to: method) }
    guard !applying.isEmpty else { return nil }
    let message = reasonWhyUnknown(path)
    return Route(method: method, isRegistered: false, interceptors: applying) { _ in
      throw RPCError(code: .unimplemented, message: message)
    }
  }

  /// Says to a client what of `path` is not here.
  func reasonWhyUnknown(_ path: String) -> String {
    guard let method = MethodDescriptor(path: path) else {
      return "\"\(path)\" is no path of a method; it must be \"/service/method\"."
    }
    return services.contains(method.service)
      ? "The service \(method.service) has no method \"\(method.method)\"."
      : "There is no service \"\(method.service)\" here."
  }
}

extension MethodDescriptor {
  /// A method that nothing but its path is known of. Of both streaming, since that forbids nothing.
  ///
  /// - Returns: nil when `path` is not of the shape `/service/method`.
  fileprivate init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].isEmpty else { return nil }
    self.init(service: String(parts[1]), method: String(parts[2]), kind: .bidirectional)
  }
}
