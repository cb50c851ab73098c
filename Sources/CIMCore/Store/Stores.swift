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

  /// Puts stores together.
  public init(
    accounts: any AccountStore, logins: any LoginStore, sessions: any SessionStore, log: any MessageLog
  ) {
    self.accounts = accounts
    self.logins = logins
    self.sessions = sessions
    self.log = log
  }
}
