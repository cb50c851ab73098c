/// A command that can be typed as a line: the table `all` of these is what parsing, help and completion go by.
struct LineCommand: Sendable {
  /// Such as ":g say".
  let name: String
  /// What follows the name.
  let parameters: [ParameterForm]
  /// What it does, for the help.
  let summary: String

  private let request: @Sendable (inout ArgumentReader) throws -> ChatRequest

  /// Describes a command.
  ///
  /// - Parameters:
  ///   - parameter: What follows the name, in order; one that takes the rest of the line is the last.
  ///   - summary: What it does, for the help.
  ///   - request: What it asks for.
  init<each Value>(
    _ name: String, _ parameter: repeat Parameter<each Value>, does summary: String,
    request: @escaping @Sendable (repeat each Value) -> ChatRequest
  ) {
    self.name = name
    self.summary = summary
    var forms: [ParameterForm] = []
    repeat forms.append((each parameter).form)
    self.parameters = forms
    self.request = { arguments in request(repeat try (each parameter).read(&arguments)) }
  }

  /// Such as ":g say group text".
  var usage: String { ([self.name] + self.parameters.map(\.usage)).joined(separator: " ") }

  /// Reads what follows the name.
  func read(_ arguments: Substring) throws(LineMistake) -> ChatRequest {
    var reader = ArgumentReader(arguments)
    do {
      let request = try self.request(&reader)
      if let rest = reader.remainder() {
        throw ArgumentError("\"\(rest.prefix(30))\" is too much")
      }
      return request
    } catch {
      throw LineMistake(
        problem: (error as? ArgumentError)?.problem ?? "\(error)", usage: [self.usage])
    }
  }
}

/// A line that can't be done as it stands, and how it should be.
struct LineMistake: Error, Hashable, Sendable {
  /// What is wrong.
  let problem: String
  /// What is right: one or several forms.
  let usage: [String]
}
