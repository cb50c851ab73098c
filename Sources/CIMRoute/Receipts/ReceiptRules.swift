/// Of what receipts there are, and how often.
struct ReceiptRules: Hashable, Sendable {
  /// Up to how many members a group has them; 0 leaves them to private conversations.
  var maxMembers: Int
  /// For how long moves are collected that are told as one.
  var interval: Duration
  /// How many readers' moves are kept meanwhile.
  var maxPending: Int
}
