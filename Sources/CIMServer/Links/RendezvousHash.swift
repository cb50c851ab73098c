import CIMCore

/// Chooses among a few by a key, so that everybody who knows the same candidates chooses the same one, and a candidate that
/// comes or goes moves only the keys that it wins or had won (highest random weight, Thaler and Ravishankar 1996).
enum RendezvousHash {
  /// The candidate that wins the key; nil when there is none.
  static func choose<Candidate>(
    for key: some StringProtocol, among candidates: some Sequence<Candidate>, id: (Candidate) -> String
  ) -> Candidate? {
    var keyHash = StableHash()
    keyHash.combine(key.utf8)
    var best: (candidate: Candidate, weight: UInt64, id: String)?
    for candidate in candidates {
      let candidateID = id(candidate)
      var hash = keyHash
      hash.combine(candidateID.utf8)
      let weight = hash.value
      // Equal weights are settled by the id: the order in which candidates are known differs from place to place.
      if let best, (best.weight, best.id) >= (weight, candidateID) { continue }
      best = (candidate, weight, candidateID)
    }
    return best?.candidate
  }
}
