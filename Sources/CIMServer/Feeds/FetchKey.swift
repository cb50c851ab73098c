import CIMCore
import CIMProtos

/// A part of a log that is wanted: whoever wants the same gets it from one request.
struct FetchKey: Hashable, Sendable {
  let conversation: String
  /// What follows this place.
  let after: LogPosition
  /// Whether it is for clients that were away.
  let isLate: Bool
}

/// A part of a log as it has come: encoded once for all who wanted it.
struct FetchedPage: Sendable {
  let entries: [FramedEntry]
  /// Whether more follows.
  let more: Bool
  /// What can't be had any more.
  let reset: CimV1.Reset?

  /// Where a user joins, if that is what the page says first of its membership.
  func comeback(of user: UInt64) -> LogPosition? {
    // Only what follows a gap may lack the leave before it.
    guard reset != nil, let first = entries.first(where: { $0.membership?.user == user }) else { return nil }
    return first.membership?.isJoin == true ? first.position : nil
  }

  /// - Throws: what the encoding of a message throws.
  init(_ page: CimV1.Page) throws {
    entries = try page.messages.map(FramedEntry.init)
    more = page.more
    reset = page.reset
  }
}
