/// With whom users have private conversations, and whom they have blocked.
///
/// While one of two users blocks the other, nothing is appended to their conversation (`MessageLog.append`), whichever of them
/// says it.
public protocol ContactStore: Store {
  /// Notes, for both, that two users have a private conversation. It is done before a message is appended, so that none is
  /// without its note; noting it again keeps it.
  func note(_ pair: UserPair) async throws(StoreError)

  /// The private conversations that were noted for a user, each with when that was, by the store's clock.
  func contacts(of user: UserID) async throws(StoreError) -> [UserPair: Timestamp]

  /// Forgets conversations of one user, each if its note is still that of `contacts`, and that was so many milliseconds ago.
  func forget(
    _ notes: [UserPair: Timestamp], of user: UserID, olderThan milliseconds: UInt64
  ) async throws(StoreError)

  /// Has a user block another one. Blocking again changes nothing.
  ///
  /// - Returns: false when it was so before.
  func block(_ other: UserID, by user: UserID) async throws(StoreError) -> Bool

  /// Has a user block another one no more.
  ///
  /// - Returns: false when it was so before.
  func unblock(_ other: UserID, by user: UserID) async throws(StoreError) -> Bool

  /// Whom a user blocks, by ascending id.
  ///
  /// - Parameters:
  ///   - after: only users with a greater id; `nil` begins at the first.
  ///   - limit: at most that many; at least 1.
  func blocked(
    by user: UserID, after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID]
}
