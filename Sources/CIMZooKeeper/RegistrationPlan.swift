import CIMCore
import ZooKeeper

/// What a registration wants and what it has seen of its node, and from that the next step. It has no I/O.
///
/// Each registration is a new incarnation: whenever the node is gone that stood before, the entry gets another one before
/// it is entered again.
struct RegistrationPlan {
  /// A call to make. What it leads to is told to the plan, except for a failure.
  enum Step: Hashable {
    case look
    case create(RegistryEntry)
    /// In one step, so that nobody takes the node for lost meanwhile.
    case replace(RegistryEntry, version: Int32)
    case write(RegistryEntry)
    case delete(version: Int32)
  }

  /// What is worth telling.
  enum News: Hashable {
    /// The entry stands, under this registration.
    case entered(ServerInstance)
    /// A node of an earlier process is in the way.
    case replacing
    /// Another process took the node's place.
    case displaced
  }

  private enum Seen: Hashable {
    case absent
    case own(version: Int32)
    case foreign(version: Int32)
  }

  /// What shall stand in the node.
  private(set) var entry: RegistryEntry

  /// Whether nothing is to be done any more.
  private(set) var isFinished = false

  private var isWithdrawn = false

  /// How the node looked, in which session; `nil` when it has to be looked at.
  private var seen: (Seen, session: SessionID)?

  /// What was last written to the own node, if that is known.
  private var content: RegistryEntry?

  /// The session in which the entry was entered last.
  private var enteredSession: SessionID?

  init(_ entry: RegistryEntry) {
    self.entry = entry
  }

  mutating func setDraining(_ isDraining: Bool) {
    self.entry = self.entry.with(isDraining: isDraining)
  }

  mutating func withdraw() {
    self.isWithdrawn = true
  }

  /// The node may have changed.
  mutating func lookAgain() {
    self.seen = nil
  }

  /// The next step; `nil` when all is as it shall be.
  mutating func nextStep(in session: SessionID) -> Step? {
    if self.isFinished { return nil }
    guard let (seen, seenSession) = self.seen, seenSession == session else { return .look }
    switch seen {
    case .absent where self.isWithdrawn, .foreign where self.isWithdrawn:
      self.isFinished = true
      return nil
    case .own(let version) where self.isWithdrawn:
      return self.change(.delete(version: version))
    case .own:
      return self.content == self.entry ? nil : self.change(.write(self.entry))
    case .absent:
      self.drawIncarnation()
      return self.change(.create(self.entry))
    case .foreign(let version):
      // Taking the place back would be taken back in turn, for ever.
      if self.enteredSession == session { return nil }
      self.drawIncarnation()
      return self.change(.replace(self.entry, version: version))
    }
  }

  /// The node was looked at.
  mutating func saw(_ stat: NodeStat?, in session: SessionID) -> News? {
    guard let stat else {
      self.seen = (.absent, session)
      return nil
    }
    guard stat.ephemeralOwner == session else {
      self.seen = (.foreign(version: stat.version), session)
      return self.enteredSession == session ? .displaced : .replacing
    }
    self.seen = (.own(version: stat.version), session)
    guard self.content == self.entry, self.enteredSession != session else { return nil }
    self.enteredSession = session
    return .entered(self.entry.instance)
  }

  /// The node was created or written.
  mutating func wrote(_ entry: RegistryEntry) {
    self.content = entry
  }

  /// Any change has to be looked at afterwards: its answer can get lost, and others change the node too.
  private mutating func change(_ step: Step) -> Step {
    self.seen = nil
    self.content = nil
    return step
  }

  private mutating func drawIncarnation() {
    guard self.enteredSession != nil else { return }
    self.enteredSession = nil
    self.entry = self.entry.with(incarnation: .random())
  }
}
