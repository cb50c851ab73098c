import CIMCore
import CIMProtos
import NgRPC
import NgRPCProtos
import NgRPCStatusDetails

extension TokenRefusal {
  /// What was tried too often, when that may be tried again, and what to do.
  var detail: String {
    let what =
      switch subject {
      case .user(let user): "User \(user) sends more messages than are allowed"
      case .device(let device):
        "Device \(device.device) of user \(device.user) sends more messages than are allowed"
      case .logins(let network): "There are more logins from \(network) than are allowed"
      case .registrations(let network): "There are more registrations from \(network) than are allowed"
      }
    return "\(what); try again in \(milliseconds) ms."
  }
}

extension CimV1.Refused {
  /// There is no token for a message.
  init(_ refusal: TokenRefusal) {
    self.init(
      reason: .rateLimited, detail: refusal.detail, retryAfterMs: UInt32(clamping: refusal.milliseconds))
  }
}

extension RateGate {
  /// Asks for a token for a call.
  ///
  /// - Throws: `RPCError`: RESOURCE_EXHAUSTED with `RetryInfo` and `QuotaFailure` when there is none, UNAVAILABLE when nobody knows.
  func require(_ demand: TokenDemand?) async throws {
    switch await admit(demand) {
    case .admitted: break
    case .refused(let refusal):
      throw try RPCError(
        code: .resourceExhausted, message: refusal.detail,
        details: [
          RetryInfo(after: .milliseconds(refusal.milliseconds)),
          QuotaFailure(violations: [
            .init(subject: "\(refusal.subject)", description_: refusal.detail)
          ]),
        ])
    case .unknown(let reason):
      throw RPCError(
        code: .unavailable, message: "The limits can't be looked at at the moment; try again. \(reason)")
    }
  }
}
