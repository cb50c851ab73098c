import NIOCore
public import NgRPC
import NgRPCProtos

// Details travel as a `google.rpc.Status` in the trailing metadata: gRPC's "Richer error model".
extension RPCError {
  /// An error with details for the client.
  ///
  /// The code and the message are also part of what travels as details, so they stay as they are here: a client refuses details
  /// of another status.
  ///
  /// - Throws: what a detail's encoding throws.
  public init(
    code: StatusCode, message: String, details: [any StatusDetail], metadata: Metadata = [:],
    cause: (any Error)? = nil
  ) throws {
    try self.init(
      code: code, message: message, packedDetails: details.map { try PackedDetail(packing: $0) },
      metadata: metadata, cause: cause)
  }

  /// An error with details that were packed before, of whatever type; see the other one.
  ///
  /// - Throws: what a detail's encoding throws.
  public init(
    code: StatusCode, message: String, packedDetails: [PackedDetail], metadata: Metadata = [:],
    cause: (any Error)? = nil
  ) throws {
    var buffer = ByteBuffer()
    try GoogleRpc.Status(code: Int32(code.rawValue), message: message, details: packedDetails)
      .serialize(into: &buffer)
    var metadata = metadata
    metadata.add(binary: Array(buffer.readableBytesView), for: Metadata.statusDetailsKey)
    self.init(code: code, message: message, metadata: metadata, cause: cause)
  }

  /// All details, of types known and unknown; none when the server sent none.
  ///
  /// - Throws: ``InvalidStatusDetails`` when they can't be read or belong to another status.
  public var details: [PackedDetail] {
    get throws(InvalidStatusDetails) {
      let values = metadata.binaries(for: Metadata.statusDetailsKey)
      guard let bytes = values.first else { return [] }
      guard values.count == 1 else { throw InvalidStatusDetails(reason: "they came \(values.count) times") }
      let status: GoogleRpc.Status
      do {
        status = try bytes.withUnsafeBytes { try GoogleRpc.Status(serialized: $0) }
      } catch {
        throw InvalidStatusDetails(reason: "\(error)")
      }
      guard status.code == Int32(code.rawValue) else {
        throw InvalidStatusDetails(
          reason: "they are those of the code \(status.code), and the call ended with \(code)")
      }
      return status.details
    }
  }

  /// The first detail of a type; nil when there is none.
  ///
  /// - Throws: ``InvalidStatusDetails`` when the details can't be read or belong to another status.
  public func detail<Detail: StatusDetail>(_: Detail.Type = Detail.self) throws(InvalidStatusDetails)
    -> Detail?
  {
    for detail in try details where detail.typeName == Detail.fullName {
      do {
        return try detail.unpacked()
      } catch {
        throw InvalidStatusDetails(reason: "\(error)")
      }
    }
    return nil
  }
}

/// Details of an error that are of no use.
public struct InvalidStatusDetails: Error, Hashable, CustomStringConvertible {
  /// What is wrong with them.
  public let reason: String

  public var description: String { "The details of the status are not valid: \(reason)." }
}
