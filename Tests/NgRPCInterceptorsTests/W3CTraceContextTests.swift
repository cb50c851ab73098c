import NgRPCInterceptors
import Testing

@Suite("W3C trace context")
struct W3CTraceContextTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let span = "b7ad6b7169203331"

  @Test("A valid traceparent is read and written as it came", arguments: ["00", "01", "02", "03"])
  func valid(flags: String) throws {
    let text = "00-\(Self.trace)-\(Self.span)-\(flags)"
    let context = try #require(W3CTraceContext(traceparent: text))
    #expect(context.traceID.description == Self.trace)
    #expect(context.parentID.description == Self.span)
    #expect(context.isSampled == (flags == "01" || flags == "03"))
    #expect(context.isRandom == (flags == "02" || flags == "03"))
    #expect(context.traceparent == text)
  }

  @Test("Unknown flags and later versions are read as far as they are known, and written as version 00")
  func later() throws {
    let flags = try #require(W3CTraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-f9"))
    #expect(flags.traceparent == "00-\(Self.trace)-\(Self.span)-01")
    for version in ["01", "cc", "fe"] {
      for rest in ["", "-", "-what-the-future-will-be-like"] {
        let context = W3CTraceContext(traceparent: "\(version)-\(Self.trace)-\(Self.span)-01\(rest)")
        #expect(context?.traceparent == "00-\(Self.trace)-\(Self.span)-01")
      }
    }
  }

  @Test(
    "What is no traceparent is refused",
    arguments: [
      "", "00", "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-what",
      "cc-\(trace)-\(span)-01.what", "cc-\(trace)-\(span)-010", "00-\(trace)-\(span)-1",
      "00-\(trace)-\(span)",
      "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
      "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span.uppercased())-01", "0G-\(trace)-\(span)-01",
      "00-\(trace)-\(span)-0x", "00.\(trace)-\(span)-01", "00-\(trace).\(span)-01", " 00-\(trace)-\(span)-01",
      "00-\(trace)-\(span)-01,00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01 ",
      "00-+\(trace.dropFirst())-\(span)-01",
    ])
  func invalid(text: String) { #expect(W3CTraceContext(traceparent: text) == nil) }

  @Test("A tracestate keeps its order; blanks and empty members mean nothing")
  func state() throws {
    let state = try #require(W3CTraceState(parsing: "foo=1 , ,\tbar=2,,a1_-*/=x y,9tenant@sys=3"))
    #expect(state.tracestate == "foo=1,bar=2,a1_-*/=x y,9tenant@sys=3")
    #expect(state["bar"] == "2")
    #expect(state["none"] == nil)
  }

  @Test(
    "A tracestate with a bad entry is dropped whole, and the traceparent kept",
    arguments: [
      "foo", "=1", "foo=", "Foo=1", "foo=1,foo=2", "foo =1", "foo=1=2", "1foo=1", "foo@=1", "@foo=1",
      "a@b@c=1",
      "foo@1s=1", "foo=ä", "foo.=1", "foo@bar!=1", "\(String(repeating: "a", count: 257))=1",
      "\(String(repeating: "a", count: 242))@v=1", "t@\(String(repeating: "a", count: 15))=1",
      "foo=\(String(repeating: "1", count: 257))", (0..<33).map { "k\($0)=1" }.joined(separator: ","),
    ])
  func badState(text: String) throws {
    #expect(W3CTraceState(parsing: text) == nil)
    let context = try #require(
      W3CTraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-01", tracestate: text))
    #expect(context.state.isEmpty)
  }

  @Test("The longest keys, values and lists are accepted")
  func longestState() throws {
    let texts = [
      "\(String(repeating: "z", count: 256))=1",
      "\(String(repeating: "t", count: 241))@\(String(repeating: "v", count: 14))=1",
      "foo=\(String(repeating: "~", count: 256))", (0..<32).map { "k\($0)=1" }.joined(separator: ","),
    ]
    for text in texts { #expect(W3CTraceState(parsing: text)?.tracestate == text) }
  }

  @Test("An update goes to the front; a list that is too long loses long entries first, then the oldest")
  func update() throws {
    let state = try #require(W3CTraceState(parsing: "a=1,b=2,c=3"))
    #expect(state.updating("c", to: "4")?.tracestate == "c=4,a=1,b=2")
    #expect(state.updating("C", to: "4") == nil)
    #expect(state.updating("c", to: "4 ") == nil)
    let long = String(repeating: "x", count: 200)
    let medium = String(repeating: "y", count: 100)
    let full = try #require(
      W3CTraceState(parsing: "a=\(long),b=\(medium),c=\(medium),d=\(medium),e=\(medium)"))
    #expect(full.tracestate == "b=\(medium),c=\(medium),d=\(medium),e=\(medium)")
    #expect(
      full.updating("f", to: medium)?.tracestate == "f=\(medium),b=\(medium),c=\(medium),d=\(medium)")
  }

  @Test("A child is of the same trace, and another span")
  func child() throws {
    let parent = try #require(
      W3CTraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-01", tracestate: "a=1"))
    let child = parent.child()
    #expect(child.traceID == parent.traceID)
    #expect(child.parentID != parent.parentID)
    #expect(child.isSampled)
    #expect(child.state == parent.state)
  }
}
