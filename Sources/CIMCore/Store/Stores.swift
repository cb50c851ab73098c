/// The stores that a route works on.
public struct Stores: Sendable {
  /// Who exists.
  public let accounts: any AccountStore

  /// Who has been let in.
  public let logins: any LoginStore

  /// Who is where.
  public let sessions: any SessionStore

  /// What was said.
  public let log: any MessageLog

  /// Who has got what.
  public let cursors: any CursorStore

  /// Who belongs where.
  public let groups: any GroupStore

  /// What is to be said later.
  public let delayed: any DelayedStore

  /// Who has read what.
  public let reads: any ReadMarkStore

  /// Who talks with whom, and who does not want to.
  public let contacts: any ContactStore

  /// How often things may be done.
  public let limits: any TokenStore

  /// Puts stores together. Log, groups and contacts must be of one store: the log asks who is a member, and who is blocked.
  public init(
    accounts: any AccountStore, logins: any LoginStore, sessions: any SessionStore, log: any MessageLog,
    cursors: any CursorStore, groups: any GroupStore, delayed: any DelayedStore,
    reads: any ReadMarkStore, contacts: any ContactStore, limits: any TokenStore
  ) {
    self.accounts = accounts
    self.logins = logins
    self.sessions = sessions
    self.log = log
    self.cursors = cursors
    self.groups = groups
    self.delayed = delayed
    self.reads = reads
    self.contacts = contacts
    self.limits = limits
  }
}
