import CIMCore

/// Any server, each as likely as the others.
struct RandomChoice<Generator: RandomNumberGenerator & Sendable>: Balancer {
  private var generator: Generator

  /// Draws from that generator.
  init(_ generator: Generator) { self.generator = generator }

  mutating func choose(
    among candidates: [Candidate], avoiding avoided: String, for user: UserID
  ) -> Candidate? {
    candidates.avoiding(avoided).randomElement(using: &generator)
  }
}
