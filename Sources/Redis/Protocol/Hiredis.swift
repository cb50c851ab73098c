import CHiredis
import NIOCore

// Every pointer of hiredis is in this file.

/// Reads replies from a connection's bytes with hiredis's parser.
///
/// The parser's callbacks build Swift values directly: there is no tree of `redisReply` in between. Arrays nest at most
/// 7 deep, which is hiredis's limit. Not thread-safe: it belongs to one connection's event loop.
final class ReplyReader {
  private let reader: UnsafeMutablePointer<redisReader>
  private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
  private let builder = ReplyBuilder()
  private let maximumReplyBytes: Int
  private var unfinishedBytes = 0

  /// - Parameter maximumReplyBytes: What one reply may take on the wire; hiredis itself knows no limit.
  init(maximumReplyBytes: Int) {
    self.maximumReplyBytes = maximumReplyBytes
    functions = .allocate(capacity: 1)
    functions.initialize(to: .buildingValues)
    guard let reader = redisReaderCreateWithFunctions(functions) else {
      fatalError("out of memory: no Redis reply reader could be made")
    }
    self.reader = reader
    reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
  }

  deinit {
    redisReaderFree(reader)
    functions.deallocate()
  }

  /// Takes more of the connection's bytes.
  ///
  /// - Throws: `protocolViolation` when an unfinished reply is larger than the limit, or after an earlier violation.
  func feed(_ buffer: ByteBuffer) throws(RedisError) {
    unfinishedBytes += buffer.readableBytes
    guard unfinishedBytes <= maximumReplyBytes else {
      throw RedisError(
        .protocolViolation, "a reply is larger than \(maximumReplyBytes) bytes: raise maximumReplyBytes")
    }
    let status = buffer.withUnsafeReadableBytes { bytes in
      redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard status == REDIS_OK else { throw violation() }
  }

  /// The next whole reply; nil when more bytes are needed.
  ///
  /// - Throws: `protocolViolation` when the bytes are no reply. The reader is of no use then.
  func next() throws(RedisError) -> RedisValue? {
    guard redisReaderGetReply(reader, nil) == REDIS_OK else { throw violation() }
    guard let value = builder.takeCompleted() else { return nil }
    unfinishedBytes = reader.pointee.len - reader.pointee.pos
    return value
  }

  private func violation() -> RedisError {
    let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return RedisError(
      .protocolViolation, "what answers does not speak the Redis protocol (\(text)): check host and port")
  }
}

extension redisReplyObjectFunctions {
  /// Callbacks that add to the `ReplyBuilder` behind the task's `privdata`.
  ///
  /// hiredis only asks whether what they return is NULL, which would mean "out of memory".
  fileprivate static var buildingValues: redisReplyObjectFunctions {
    redisReplyObjectFunctions(
      createString: { task, bytes, count in
        add(.string(type: task!.pointee.type, UnsafeRawBufferPointer(start: bytes, count: count)), to: task)
      },
      createArray: { task, count in
        let object = task!.pointee.privdata
        builder(object).addArray(count: Int(count))
        return object
      },
      createInteger: { task, number in add(.integer(number), to: task) },
      createNil: { task in add(.null, to: task) },
      freeObject: { _ in })
  }
}

private func add(
  _ value: RedisValue, to task: UnsafePointer<redisReadTask>?
) -> UnsafeMutableRawPointer? {
  let object = task!.pointee.privdata
  builder(object).add(value)
  return object
}

private func builder(_ object: UnsafeMutableRawPointer?) -> ReplyBuilder {
  Unmanaged<ReplyBuilder>.fromOpaque(object!).takeUnretainedValue()
}

extension RedisValue {
  fileprivate static func string(type: CInt, _ bytes: UnsafeRawBufferPointer) -> RedisValue {
    switch type {
    case REDIS_REPLY_STATUS: .status(String(decoding: bytes, as: UTF8.self))
    case REDIS_REPLY_ERROR: .error(RedisError(serverReply: String(decoding: bytes, as: UTF8.self)))
    default: .bytes(Array(bytes))
    }
  }
}

extension RedisCommand {
  /// What a Redis server takes in one bulk string at most, by its default `proto-max-bulk-len`.
  static let maximumBytes = 512 * 1024 * 1024

  /// Appends the command in the Redis protocol, formatted by hiredis.
  ///
  /// - Throws: `invalidCommand` when the arguments are larger than ``maximumBytes`` together.
  func write(to buffer: inout ByteBuffer) throws(RedisError) {
    guard words.bytes.count <= Self.maximumBytes else {
      throw RedisError(
        .invalidCommand,
        "\(name) has \(words.bytes.count) bytes of arguments, at most \(Self.maximumBytes) are sent")
    }
    let formatted = withFormatted { buffer.writeBytes($0) }
    guard formatted != nil else { fatalError("out of memory: \(name) could not be formatted") }
  }

  /// Calls `body` with the formatted command; nil when there was no memory for it.
  private func withFormatted<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    let ends = words.ends
    return words.bytes.withUnsafeBufferPointer { bytes in
      withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: ends.count) { arguments in
        withUnsafeTemporaryAllocation(of: Int.self, capacity: ends.count) { lengths in
          let base = UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: CChar.self)
          var start = 0
          for (index, end) in ends.enumerated() {
            arguments.initializeElement(at: index, to: base + start)
            lengths.initializeElement(at: index, to: end - start)
            start = end
          }
          var formatted: UnsafeMutablePointer<CChar>?
          let count = redisFormatCommandArgv(
            &formatted, CInt(ends.count), arguments.baseAddress, lengths.baseAddress)
          guard count >= 0, let formatted else { return nil }
          defer { redisFreeCommand(formatted) }
          return body(UnsafeRawBufferPointer(start: formatted, count: Int(count)))
        }
      }
    }
  }
}
