import CIMCore
import DequeModule

/// Accounts seen lately. They never change and never vanish, so what is in here is true.
struct AccountCache: Sendable {
  private let capacity: Int
  private var accounts: [UserID: Account] = [:]
  private var order: Deque<UserID> = []

  /// - Parameter capacity: how many are kept, at least 1; past it the oldest go.
  init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
  }

  /// An account, if it is kept.
  subscript(id: UserID) -> Account? { accounts[id] }

  /// How many are kept.
  var count: Int { accounts.count }

  /// Keeps an account.
  mutating func insert(_ account: Account) {
    guard accounts.updateValue(account, forKey: account.id) == nil else { return }
    order.append(account.id)
    if order.count > capacity, let oldest = order.popFirst() { accounts[oldest] = nil }
  }
}
