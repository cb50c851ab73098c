import NgRPC

/// What a client shows to say who it is: the value of `authorization` in its metadata, RFC 9110, section 11.4.
public struct Credentials: Sendable, Hashable {
  /// How to understand them, in lower case: `bearer`, `basic`.
  public let scheme: String
  /// What was shown: for `bearer` the token.
  public let value: String

  /// - Throws: UNAUTHENTICATED saying what is wrong with `metadata`.
  init(in metadata: Metadata, schemes: Set<String>) throws(RPCError) {
    let fields = metadata.strings(for: "authorization")
    guard let field = fields.first else { throw Self.missing("The call has none", schemes) }
    guard fields.count == 1 else { throw Self.missing("The call has them \(fields.count) times", schemes) }
    let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    scheme = parts.first?.lowercased() ?? ""
    guard schemes.contains(scheme) else { throw Self.missing("The call's are of another scheme", schemes) }
    value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
    guard !value.isEmpty else { throw Self.missing("The call's are empty", schemes) }
    guard scheme != "bearer" || BearerToken.isValid(value) else {
      throw Self.missing("The call's token has characters that no token has", schemes)
    }
  }

  private static func missing(_ what: String, _ schemes: Set<String>) -> RPCError {
    let wanted = schemes.sorted().map { "\"authorization: \($0) …\"" }.joined(separator: " or ")
    return RPCError(
      code: .unauthenticated, message: "Credentials are needed. \(what); send the metadata \(wanted).")
  }
}
