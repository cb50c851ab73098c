import CIMCore
import CIMProtos
import Logging

/// Asks servers for the sessions that the store says they have, so that nobody stays listed who is gone.
///
/// The end of a session is told at once, and again when a link breaks. Still it can be lost, or overtaken by a beginning that
/// nobody waits for any more: a store stood still, a route died with what it had to do. Whatever the cause, the server
/// knows which sessions it has, and `LostSessions` removes one that it goes on not to know.
struct SessionAudit: Sendable {
  /// How many users are looked at in one step.
  private static let step = 500

  let sessions: any SessionStore
  let links: LinkSet
  let interval: Duration
  let logger: Logger

  /// Asks all linked servers again and again, until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      // Not all routes at the same time, and not together with what else happens every so many seconds.
      do { try await Task.sleep(for: interval * Double.random(in: 0.8...1.2)) } catch { return }
      for instance in links.linked {
        do throws(StoreError) {
          try await ask(instance)
        } catch {
          logger.debug("a server's sessions could not be listed", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  private func ask(_ instance: ServerInstance) async throws(StoreError) {
    var last: UserID?
    repeat {
      let users = try await sessions.onlineUsers(on: [instance], after: last, limit: Self.step)
      let found = try await sessions.sessions(of: users)
      let listed = users.flatMap { found[$0] ?? [] }.filter { $0.instance == instance }
      if !listed.isEmpty { links.probe(listed, on: instance) }
      last = users.count < Self.step ? nil : users.last
    } while last != nil
  }
}
