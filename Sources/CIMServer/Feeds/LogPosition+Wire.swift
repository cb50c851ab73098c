import CIMCore
import CIMProtos

extension LogPosition {
  /// A place that has travelled; absent, or with no number, it is the beginning.
  init(_ wire: CimV1.LogPosition?) {
    guard let wire, wire.seq > 0 else {
      self = .beginning
      return
    }
    self.init(epoch: wire.epoch, seq: wire.seq)
  }

  /// The place as it travels; nil for the beginning.
  var wire: CimV1.LogPosition? {
    self == .beginning ? nil : CimV1.LogPosition(epoch: epoch, seq: seq)
  }
}
