import NgRPC

extension Metadata {
  /// The longest token that is looked at, in bytes. Ours have 64 at most.
  private static var longestToken: Int { 256 }

  /// The token under the key `authorization`, as `Bearer <token>`; the scheme in any case, as RFC 9110 has it.
  ///
  /// - Throws: UNAUTHENTICATED when there is none.
  package func bearerToken() throws(RPCError) -> String {
    guard let value = string(for: "authorization") else {
      throw RPCError(
        code: .unauthenticated,
        message:
          "The metadata key \"authorization\" is missing: send \"Bearer <token>\" with the token that Login gave."
      )
    }
    let scheme = value.prefix { $0 != " " }
    let token = value.dropFirst(scheme.count).drop { $0 == " " }
    guard scheme.lowercased() == "bearer", (1...Self.longestToken).contains(token.utf8.count) else {
      throw RPCError(
        code: .unauthenticated,
        message:
          "The metadata key \"authorization\" must be \"Bearer <token>\" with the token that Login gave.")
    }
    return String(token)
  }
}
