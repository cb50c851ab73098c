/// A hash of 64 bits that is the same in every process, on every machine and in every version: what `Hasher` is not.
///
/// It spreads keys; it is no defence against somebody who chooses keys so that they collide.
package struct StableHash: Sendable {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  /// Takes bytes in (FNV-1a).
  package mutating func combine(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  }

  /// The hash of all that was taken in: FNV's high bits depend too little on the last bytes, so MurmurHash3's finishing step
  /// mixes them.
  package var value: UInt64 {
    var hash = state
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    return hash ^ (hash >> 33)
  }
}
