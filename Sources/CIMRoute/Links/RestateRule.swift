/// When the server at a link's other end is asked to state its sessions again, and under which name: a server does it once
/// for each name.
struct RestateRule: Sendable {
  /// Whether it is asked when the link is up the next time, whatever it stated before: sessions were removed, or kicks
  /// dropped, or the store has changed since.
  var isForced = false

  /// The link is up.
  ///
  /// A link that is made again by the same route was broken: ends of sessions may have been lost with it, so that the request
  /// has a name of its own.
  ///
  /// - Parameters:
  ///   - storeID: which store it is; nil when that is not known yet.
  ///   - link: names this making of the link.
  /// - Returns: the name to ask under; nil when there is nothing to ask.
  mutating func up(storeID: String?, link: String) -> String? {
    defer { isForced = true }
    return isForced ? "\(storeID ?? "")/\(link)" : storeID
  }
}
