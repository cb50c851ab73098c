import Instrumentation
import NgRPC

/// Reads trace context from the metadata of a call.
struct MetadataExtractor: Extractor {
  /// All texts under `key`, joined by commas as HTTP joins them: a second `traceparent` makes it invalid, as it must.
  func extract(key: String, from metadata: Metadata) -> String? {
    let values = metadata.strings(for: key.lowercased())
    return values.count > 1 ? values.joined(separator: ",") : values.first
  }
}

/// Writes trace context to the metadata of a call, in place of what is there.
struct MetadataInjector: Injector {
  func inject(_ value: String, forKey key: String, into metadata: inout Metadata) {
    let key = key.lowercased()
    metadata.removeAll(for: key)
    metadata.add(value, for: key)
  }
}
