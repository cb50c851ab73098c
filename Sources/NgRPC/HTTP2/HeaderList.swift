import CNghttp2

/// Header fields on their way out.
struct HeaderList {
  private var storage: [UInt8] = []
  /// Where each name and each value ends in `storage`.
  private var ends: [(name: Int, value: Int)] = []

  mutating func add(_ name: String, _ value: String) {
    storage.append(contentsOf: name.utf8)
    let nameEnd = storage.count
    storage.append(contentsOf: value.utf8)
    ends.append((nameEnd, storage.count))
  }

  mutating func add(_ metadata: Metadata) {
    for entry in metadata.entries {
      switch entry.value {
      case .string(let value): add(entry.key, value)
      case .binary(let value): add(entry.key, Base64.encode(value))
      }
    }
  }

  /// Calls `body` with the fields as nghttp2 takes them; it copies what it keeps.
  func withFields<Result>(_ body: (UnsafePointer<nghttp2_nv>, Int) -> Result) -> Result {
    storage.withUnsafeBufferPointer { bytes in
      let base = UnsafeMutablePointer(mutating: bytes.baseAddress)
      return withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: max(1, ends.count)) { fields in
        var start = 0
        for (index, end) in ends.enumerated() {
          fields.initializeElement(
            at: index,
            to: nghttp2_nv(
              name: base! + start, value: base! + end.name, namelen: end.name - start,
              valuelen: end.value - end.name, flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
          start = end.value
        }
        return body(UnsafePointer(fields.baseAddress!), ends.count)
      }
    }
  }
}

/// The fields that nearly every response has, laid out once; nghttp2 does not copy them.
enum StaticFields {
  /// `:status: 200`, `content-type: application/grpc`.
  static let responseHead = StaticFieldList([(":status", "200"), ("content-type", "application/grpc")])
  /// `grpc-status: 0`.
  static let statusOK = StaticFieldList([("grpc-status", "0")])
}

/// A list of fields that is never freed.
///
/// `@unchecked Sendable`: written in `init` only, and the memory lives as long as the process.
struct StaticFieldList: @unchecked Sendable {
  let fields: UnsafePointer<nghttp2_nv>
  let count: Int

  init(_ list: [(StaticString, StaticString)]) {
    let flags = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
    let memory = UnsafeMutablePointer<nghttp2_nv>.allocate(capacity: list.count)
    for (index, (name, value)) in list.enumerated() {
      (memory + index).initialize(
        to: nghttp2_nv(
          name: UnsafeMutablePointer(mutating: name.utf8Start),
          value: UnsafeMutablePointer(mutating: value.utf8Start),
          namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount, flags: flags))
    }
    fields = UnsafePointer(memory)
    count = list.count
  }
}
