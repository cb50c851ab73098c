import CIMCore

/// Buckets of tokens behind a gate.
struct HeldTokens: TokenStore {
  let inner: any TokenStore
  let gate: HeldStores

  func take(_ count: Int, by demand: TokenDemand) async throws(StoreError) -> TokenGrant {
    let users = demand.parts.compactMap { part -> UserID? in
      switch part.subject {
      case .user(let user): user
      case .device(let device): device.user
      case .logins, .registrations: nil
      }
    }
    return try await gate.pass(StoreCall(.takeTokens, users: users)) { () async throws(StoreError) in
      try await inner.take(count, by: demand)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}
