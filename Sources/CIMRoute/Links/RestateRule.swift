/// When the server at a link's other end is asked to state its sessions again, and under which name: a server does it once
/// for each name.
struct RestateRule: Sendable {
  private var wasUp = false

  /// The link is up.
  ///
  /// A link that is made again by the same route was broken: ends of sessions may have been lost with it, so that the request
  /// has a name of its own.
  ///
  /// - Parameters:
  ///   - storeID: which store it is; nil when that is not known yet.
  ///   - link: names this making of the link.
  ///   - isForced: whether sessions were removed, or kicks dropped, since the server stated them.
  /// - Returns: the name to ask under; nil when there is nothing to ask.
  mutating func up(storeID: String?, link: String, isForced: Bool) -> String? {
    defer { wasUp = true }
    return wasUp || isForced ? "\(storeID ?? "")/\(link)" : storeID
  }

  /// It is another store now.
  ///
  /// - Returns: the name to ask under; nil while the link is not up: it is asked when it is.
  func storeChanged(to storeID: String, isUp: Bool) -> String? { isUp ? storeID : nil }
}
