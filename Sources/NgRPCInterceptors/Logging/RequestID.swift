import NgRPC

/// What ties a call's log lines to those of other processes.
struct RequestID {
  /// The name that the id is logged under.
  let name: String
  let value: String

  /// The trace's id when there is a valid trace context, else what the client has put under `key`.
  init?(in metadata: Metadata, key: String) {
    if let parent = metadata.string(for: "traceparent"), let trace = W3CTraceContext(traceparent: parent) {
      name = "traceID"
      value = trace.traceID.description
    } else if let id = metadata.string(for: key) {
      name = "requestID"
      value = loggable(id)
    } else {
      return nil
    }
  }
}

/// What a peer has chosen, fit for a log: at most 128 characters, none of them a control character.
func loggable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars.prefix(128) {
    result.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
  }
  return result
}
