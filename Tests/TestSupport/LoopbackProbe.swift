/// Asks a server on 127.0.0.1 one question in plain text, to see whether it is ready.
enum LoopbackProbe {
  /// The first bytes of the answer; nil when nothing listens, or no answer came within a second.
  static func ask(_ question: String, port: Int) -> String? {
    do {
      let socket = try LoopbackSocket(port: port)
      try socket.send(Array(question.utf8))
      return String(decoding: try socket.receive(), as: UTF8.self)
    } catch {
      return nil
    }
  }
}
