import CIMCore
import CIMProtos
import Logging

/// Reads parts of logs for those who missed them.
struct PageReader: Sendable {
  private let log: any MessageLog
  private let lateLimit: Int
  private let counters: RouteCounters
  private let logger: Logger

  /// - Parameter lateLimit: how many missed entries of the lobby or of a group are delivered late, at least 1.
  init(log: any MessageLog, lateLimit: Int, counters: RouteCounters, logger: Logger) {
    self.log = log
    self.lateLimit = max(1, lateLimit)
    self.counters = counters
    self.logger = logger
  }

  /// The answer to a fetch.
  func page(for fetch: CimV1.Fetch) async -> CimV1.Page {
    guard let conversation = try? Conversation(fetch.conversation) else {
      logger.error(
        "a server asks for what is no conversation", metadata: ["name": "\(fetch.conversation.prefix(64))"])
      return CimV1.Page(requestID: fetch.requestID)
    }
    do {
      let (gap, entries, more) = try await read(fetch, of: conversation)
      if gap != nil { counters.resets.count() }
      return CimV1.Page(
        requestID: fetch.requestID, messages: entries.map(message(_:)), more: more,
        reset: gap.map { CimV1.Reset($0, in: conversation) })
    } catch {
      logger.debug("a page could not be read", metadata: ["error": "\(error)"])
      return CimV1.Page(requestID: fetch.requestID, unavailable: true)
    }
  }

  private func read(
    _ fetch: CimV1.Fetch, of conversation: Conversation
  ) async throws(StoreError) -> (gap: LogGap?, entries: [LogEntry], more: Bool) {
    let start = LogPosition(place: fetch.after)
    var after = start
    var gap: LogGap?
    if fetch.isLate, !conversation.isPrivate {
      gap = try await lateGap(after: start, in: conversation)
      if let gap { after = gap.until }
    }
    var (entries, more) = try await entries(of: conversation, after: after, limit: fetch.limit)
    if entries.isEmpty {
      // The tail is read before the entries that it is compared with: what is appended meanwhile is no gap.
      let tail = try await log.tails(of: [conversation])[conversation]
      guard tail != after else { return (gap, [], false) }
      (entries, more) = try await self.entries(of: conversation, after: after, limit: fetch.limit)
      let lost = LogGap(after: after, first: entries.first, tail: tail)
      return (gap.merging(lost), entries, more)
    }
    return (gap.merging(LogGap(after: after, first: entries.first, tail: nil)), entries, more)
  }

  /// What somebody who was away doesn't get, because it is too much to be delivered late.
  private func lateGap(
    after: LogPosition?, in conversation: Conversation
  ) async throws(StoreError) -> LogGap? {
    guard let tail = try await log.tails(of: [conversation])[conversation] else { return nil }
    let limit = UInt64(lateLimit)
    if LogGap.needsCount(after: after, tail: tail, limit: limit) {
      let last = try await log.read(conversation, before: nil, limit: lateLimit)
      guard last.count == lateLimit, let first = last.first, let until = first.previous, let after,
        after < until
      else { return nil }
      return LogGap(after: after, next: first.position, until: until)
    }
    return LogGap(after: after, tail: tail, limit: limit)
  }

  private func entries(
    of conversation: Conversation, after: LogPosition?, limit: UInt32
  ) async throws(StoreError) -> (entries: [LogEntry], more: Bool) {
    var size = PageSize(limit: limit)
    var entries: [LogEntry] = []
    while true {
      let wanted = size.nextRead
      let found = try await log.read(conversation, after: entries.last?.position ?? after, limit: wanted)
      for entry in found {
        // Trimmed between two reads: the next page begins with the reset.
        if let last = entries.last, entry.previous != last.position { return (entries, true) }
        guard size.admit(entry) else { return (entries, true) }
        entries.append(entry)
      }
      if found.count < wanted { return (entries, false) }
    }
  }

  private func message(_ entry: LogEntry) -> CimV1.Message {
    do {
      return try CimV1.Message(entry)
    } catch {
      // Without it nothing behind it could ever be delivered.
      logger.error(
        "an entry's content was not written by a route; it is delivered empty",
        metadata: [
          "conversation": "\(entry.conversation)", "position": "\(entry.position)", "error": "\(error)",
        ])
      return CimV1.Message(entry, content: nil)
    }
  }
}

extension LogGap? {
  /// One gap for this one and one that follows it.
  fileprivate func merging(_ next: LogGap?) -> LogGap? {
    guard let self else { return next }
    guard let next else { return self }
    return LogGap(after: self.after, next: next.next, until: next.until)
  }
}
