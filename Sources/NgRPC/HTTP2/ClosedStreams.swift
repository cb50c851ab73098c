/// Which HEADERS on streams that are gone are mistakes of a client: RFC 9113, section 5.1, "closed". Pure.
///
/// nghttp2 remembers no closed streams here, as that would cost memory for each, and lets go of what comes on them. That is
/// right for a stream that the server has reset, whose client may not know yet, and for no other. Of DATA on such a stream
/// it does not even tell: they are let go whoever has ended the stream.
struct ClosedStreams {
  /// How many streams that the server has reset are remembered one by one; older ones are taken for such.
  private static let limit = 256

  private var lastID: Int32 = 0
  /// A new stream whose headers nghttp2 has not accepted yet: one that it refuses is never opened.
  private var unopened: Int32?
  private var reset: [Int32] = []
  /// Up to here all may have been reset.
  private var forgotten: Int32 = 0

  /// HEADERS of a request begin, or those of trailers.
  ///
  /// - Parameter isOpen: whether nghttp2 has the stream.
  /// - Returns: false when it is a mistake.
  mutating func receivesHeaders(_ id: Int32, isOpen: Bool) -> Bool {
    if let id = unopened { wasReset(id) }
    unopened = nil
    guard id > lastID else { return isOpen || mayBeLate(id) }
    lastID = id
    unopened = id
    return true
  }

  /// nghttp2 has accepted a request's headers.
  mutating func opened(_ id: Int32) {
    if unopened == id { unopened = nil }
  }

  /// The server has reset the stream.
  mutating func wasReset(_ id: Int32) {
    reset.append(id)
    guard reset.count > Self.limit else { return }
    forgotten = max(forgotten, reset.prefix(Self.limit / 2).max() ?? 0)
    reset.removeFirst(Self.limit / 2)
  }

  private func mayBeLate(_ id: Int32) -> Bool { id <= forgotten || reset.contains(id) }
}
