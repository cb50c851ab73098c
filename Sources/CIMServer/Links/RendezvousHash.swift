/// Chooses among a few by a key, so that everybody who knows the same candidates chooses the same one, and a candidate that
/// comes or goes moves only the keys that it wins or had won (highest random weight, Thaler and Ravishankar 1996).
enum RendezvousHash {
  /// The candidate that wins the key; nil when there is none.
  static func choose<Candidate>(
    for key: some StringProtocol, among candidates: some Sequence<Candidate>, id: (Candidate) -> String
  ) -> Candidate? {
    let keyHash = hash(key.utf8, from: offsetBasis)
    var best: (candidate: Candidate, weight: UInt64, id: String)?
    for candidate in candidates {
      let candidateID = id(candidate)
      let weight = mix(hash(candidateID.utf8, from: keyHash))
      // Equal weights are settled by the id: the order in which candidates are known differs from place to place.
      if let best, (best.weight, best.id) >= (weight, candidateID) { continue }
      best = (candidate, weight, candidateID)
    }
    return best?.candidate
  }

  private static let offsetBasis: UInt64 = 0xcbf2_9ce4_8422_2325

  /// FNV-1a: the same in every process, which `Hasher` is not.
  private static func hash(_ bytes: some Sequence<UInt8>, from basis: UInt64) -> UInt64 {
    bytes.reduce(basis) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  /// The finishing step of MurmurHash3: FNV's high bits depend too little on the last bytes.
  private static func mix(_ hash: UInt64) -> UInt64 {
    var hash = hash
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    return hash ^ (hash >> 33)
  }
}
