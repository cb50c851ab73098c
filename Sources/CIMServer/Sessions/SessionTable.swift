import CIMProtos

/// Which session of which device is the one, and where it is.
struct SessionTable: Sendable {
  /// What becomes of a session that asks for its device's place.
  enum Entry: Hashable, Sendable {
    /// The place was free, or its own.
    case entered
    /// It took the place of an older one, which is to be closed.
    case replaced(SessionAddress)
    /// A newer one has the place.
    case superseded
  }

  private struct Place {
    var epoch: UInt64
    var address: SessionAddress
  }

  private var places: [SessionKey: Place] = [:]

  /// How many sessions there are.
  var count: Int { places.count }

  /// Gives a session its device's place, unless a session of a later epoch has it.
  mutating func enter(_ key: SessionKey, epoch: UInt64, at address: SessionAddress) -> Entry {
    guard let place = places[key] else {
      places[key] = Place(epoch: epoch, address: address)
      return .entered
    }
    guard place.epoch <= epoch else { return .superseded }
    places[key] = Place(epoch: epoch, address: address)
    return place.address == address ? .entered : .replaced(place.address)
  }

  /// Frees a device's place if the session at `address` still has it.
  ///
  /// - Returns: whether it had.
  mutating func leave(_ key: SessionKey, at address: SessionAddress) -> Bool {
    guard places[key]?.address == address else { return false }
    places[key] = nil
    return true
  }

  /// The epoch of a device's session, if it has one.
  func epoch(of key: SessionKey) -> UInt64? { places[key]?.epoch }

  /// Where that very session is; nil when the device has another session or none.
  func address(of session: CimV1.SessionRef) -> SessionAddress? {
    let key = SessionKey(user: session.userID, device: session.deviceID)
    guard let place = places[key], place.epoch == session.sessionEpoch else { return nil }
    return place.address
  }
}
