import Testing

/// An attack of attacks.py, and how it has to end.
struct Attack: Sendable, CustomTestStringConvertible {
  let name: String
  /// What attacks.py tells.
  let outcome: String
  var server: [String] = []
  var maxFiles: Int?
  /// Whether a good client is served while it lasts; afterwards it always is.
  var servesMeanwhile = true

  var testDescription: String { name }

  init(
    _ name: String, _ outcome: String, server: [String] = [], maxFiles: Int? = nil,
    servesMeanwhile: Bool = true
  ) {
    self.name = name
    self.outcome = outcome
    self.server = server
    self.maxFiles = maxFiles
    self.servesMeanwhile = servesMeanwhile
  }

  static let all: [Attack] = [
    // Headers.
    Attack("header_list", "status 8, then status 0"),
    Attack("header_count", "status 8, then status 0"),
    Attack("continuation_flood", "GOAWAY 1"),
    Attack("continuation_flood_full", "GOAWAY 1"),
    Attack("hpack_bomb", "statuses [8], then status 0"),
    Attack("slow_headers", "closed", server: ["--headers-timeout", "300"]),
    // Streams.
    Attack("too_many_streams", "900 refused", server: ["--max-streams", "100"]),
    Attack("rapid_reset", "GOAWAY 2"),
    Attack("made_you_reset", "GOAWAY 11 too_many_frames"),
    Attack("made_you_reset_unread", "GOAWAY 11 too_many_frames"),
    // Frames that cost nothing to send.
    Attack("ping_flood", "GOAWAY 11 too_many_pings"),
    Attack("ping_flood_with_calls", "GOAWAY 11 too_many_pings"),
    Attack("settings_flood", "GOAWAY 11"),
    Attack("settings_flood_read", "GOAWAY 11"),
    Attack("priority_flood", "GOAWAY 11 too_many_frames"),
    Attack("window_update_flood", "GOAWAY 11 too_many_frames"),
    Attack("empty_data_flood", "GOAWAY 11 too_many_frames"),
    // What is sent and not taken.
    Attack("slow_reader", "closed", server: ["--write-timeout", "300"]),
    Attack("zero_window", "closed", server: ["--write-timeout", "300"]),
    Attack("zero_window_streams", "closed", server: ["--write-timeout", "300"]),
    // What comes and is not whole, or not read.
    Attack("huge_prefix", "statuses [8], then status 0"),
    Attack("half_messages", "all taken, statuses [8], resets [0]"),
    Attack("half_unary", "stopped, statuses [8], resets [0]"),
    Attack("unread_messages", "stopped"),
    // Connections.
    Attack("slow_preface", "200 closed", server: ["--preface-timeout", "300"]),
    Attack("per_address", "49 served, 151 refused", server: ["--max-connections-per-address", "50"]),
    Attack("too_many_files", "idle", maxFiles: 64, servesMeanwhile: false),
    Attack("random_bytes", "sent"),
    Attack("resets_of_tcp", "sent"),
  ]
}
