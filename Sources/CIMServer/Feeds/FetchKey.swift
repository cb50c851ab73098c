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

  /// - Throws: what the encoding of a message throws.
  init(_ page: CimV1.Page) throws {
    entries = try page.messages.map(FramedEntry.init)
    more = page.more
    reset = page.reset
  }
}
