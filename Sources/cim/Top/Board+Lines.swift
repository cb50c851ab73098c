import CIMProtos

/// The board as people read it.
extension Board {
  /// - Parameters:
  ///   - time: what the clock shows.
  ///   - width: how many characters fit on a line.
  func lines(at time: String, width: Int) -> [String] {
    var lines = [self.summary(at: time), ""]
    lines += self.routeTable.lines(width: width) + [""]
    for (address, route) in self.routes {
      guard let failure = route.failure else { continue }
      lines += ["\(address): \(Transcript.printable(String(failure.prefix { !$0.isNewline })))"]
    }
    if self.routes.contains(where: { $0.route.failure != nil }) { lines.append("") }
    let servers = self.serverTable
    lines += servers.rows.isEmpty ? ["no route that answers sees a server"] : servers.lines(width: width)
    return lines.map { String($0.prefix(width)) }
  }

  private func summary(at time: String) -> String {
    let servers = self.servers
    let answering = self.routes.count { $0.route.failure == nil && $0.route.track != nil }
    let clients = servers.reduce(0) { $0 + UInt64($1.state.connections ?? 0) }
    let rates = [
      ("sent", Self.sum(servers.map { $0.track?.rate(\.sent) })),
      ("delivered", Self.sum(servers.map { $0.track?.rate(\.delivered) })),
    ].map { "\($0) \(Shown.rate($1))/s" }
    let routes =
      answering == self.routes.count
      ? Shown.count(answering, "route") : "\(answering) of \(Shown.count(self.routes.count, "route"))"
    return
      ([time, routes, Shown.count(servers.count, "server"), Shown.count(Int(clients), "client")] + rates)
      .joined(separator: "   ")
  }

  private static func sum(_ rates: [Double?]) -> Double? {
    let known = rates.compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(0, +)
  }

  private var routeTable: Columns {
    var table = Columns(columns: [
      .init(title: "ROUTE", rank: 0, isNumber: false), .init(title: "ADDRESS", rank: 9, isNumber: false),
      .init(title: "VERSION", rank: 10, isNumber: false), .init(title: "UP", rank: 5),
      .init(title: "ACCEPTED/S", rank: 0), .init(title: "AGAIN/S", rank: 6),
      .init(title: "FRAMES/S", rank: 4),
      .init(title: "P50 ms", rank: 2), .init(title: "P99 ms", rank: 1), .init(title: "LINKS", rank: 7),
      .init(title: "CPU %", rank: 3), .init(title: "MiB", rank: 3),
    ])
    for (address, route) in self.routes {
      guard let track = route.track, route.failure == nil else {
        table.rows.append(["?", "\(address)"] + Array(repeating: "-", count: table.columns.count - 2))
        continue
      }
      let latencies = track.latencies(\.acceptance)
      let linked = route.servers.count(where: \.isLinked)
      table.rows.append([
        Transcript.printable(track.last.routeID), "\(address)", Transcript.printable(track.last.version),
        Shown.time(track.uptime), Shown.rate(track.rate(\.accepted)), Shown.rate(track.rate(\.deduplicated)),
        Shown.rate(track.rate(\.deliveries)), Shown.milliseconds(latencies?.quantile(0.5)),
        Shown.milliseconds(latencies?.quantile(0.99)), "\(linked)/\(route.servers.count)",
        Shown.share(track.rate(\.cpuMs)), Shown.mebibytes(track.last.residentBytes),
      ])
    }
    return table
  }

  private var serverTable: Columns {
    var table = Columns(columns: [
      .init(title: "SERVER", rank: 0, isNumber: false), .init(title: "ADDRESS", rank: 10, isNumber: false),
      .init(title: "VERSION", rank: 11, isNumber: false), .init(title: "STATE", rank: 1, isNumber: false),
      .init(title: "UP", rank: 5), .init(title: "CLIENTS", rank: 0), .init(title: "SENT/S", rank: 2),
      .init(title: "DELIVERED/S", rank: 1), .init(title: "LAG ms", rank: 3), .init(title: "UNACKED", rank: 7),
      .init(title: "CATCH-UPS/S", rank: 8), .init(title: "PAUSED/S", rank: 9), .init(title: "CPU %", rank: 4),
      .init(title: "MiB", rank: 4),
    ])
    let answering = self.routes.count { $0.route.failure == nil && $0.route.track != nil }
    for server in self.servers {
      let (state, track) = (server.state, server.links > 0 ? server.track : nil)
      table.rows.append([
        Transcript.printable(server.key.id), state.clientAddress, Transcript.printable(state.version),
        Self.word(for: server, among: answering), Shown.time(track?.uptime),
        state.connections.map { Shown.number(UInt64($0)) } ?? "-",
        Shown.rate(track?.rate(\.sent)), Shown.rate(track?.rate(\.delivered)), Shown.number(server.lag),
        Shown.number(server.unacknowledged), Shown.rate(track?.rate(\.catchUps)),
        Shown.rate(track?.rate(\.pausedFeeds)), Shown.share(track?.rate(\.cpuMs)),
        Shown.mebibytes(track?.last.residentBytes),
      ])
    }
    return table
  }

  private static func word(for server: Server, among routes: Int) -> String {
    if server.links == 0 { return "no link" }
    if server.state.isDraining { return "draining" }
    if !server.state.isRegistered { return "unlisted" }
    return server.links < routes ? "\(server.links)/\(routes) links" : "ok"
  }
}

/// Numbers as people read them; "-" for what is not known.
enum Shown {
  static func number(_ number: UInt64) -> String {
    var text = ""
    for (index, digit) in "\(number)".reversed().enumerated() {
      if index > 0, index.isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// Something that is counted, in words.
  static func count(_ count: Int, _ thing: String) -> String {
    "\(self.number(UInt64(max(0, count)))) \(thing)\(count == 1 ? "" : "s")"
  }

  /// By the second: with one decimal below ten.
  static func rate(_ rate: Double?) -> String {
    guard let rate else { return "-" }
    return rate < 9.95 && rate > 0 ? self.decimal(rate) : self.number(UInt64(rate.rounded()))
  }

  /// Microseconds, in milliseconds.
  static func milliseconds(_ microseconds: Double?) -> String {
    guard let microseconds else { return "-" }
    guard microseconds.isFinite else { return "over 10,000" }
    return microseconds < 99_500
      ? self.decimal(microseconds / 1000) : self.number(UInt64(microseconds / 1000))
  }

  /// Milliseconds of a processor by the second, in percent of one processor.
  static func share(_ milliseconds: Double?) -> String {
    milliseconds.map { "\(Int(($0 / 10).rounded()))" } ?? "-"
  }

  static func mebibytes(_ bytes: UInt64?) -> String {
    guard let bytes, bytes > 0 else { return "-" }
    return self.number((bytes + 512 * 1024) / (1024 * 1024))
  }

  /// How long something has lasted: its two largest units.
  static func time(_ milliseconds: Int64?) -> String {
    guard let milliseconds else { return "-" }
    let seconds = milliseconds / 1000
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3600: return "\(seconds / 60)m \(seconds % 60)s"
    case ..<86_400: return "\(seconds / 3600)h \(seconds / 60 % 60)m"
    default: return "\(seconds / 86_400)d \(seconds / 3600 % 24)h"
    }
  }

  private static func decimal(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
