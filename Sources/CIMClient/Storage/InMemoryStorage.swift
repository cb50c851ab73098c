import CIMCore
import Synchronization

/// Keeps what a client must know for as long as the storage itself lives: for clients that end with their program, and for tests.
///
/// A client that is made with the storage of one that has ended goes on where that one was.
public final class InMemoryStorage: ClientStorage {
  private let state: Mutex<ClientRecord>

  /// Creates a storage.
  ///
  /// - Parameter device: The device; a random one by default.
  public init(device: DeviceID? = nil) {
    var record = ClientRecord()
    if let device { record.apply(.device(device, producerPrefix: ProducerID.randomPrefix())) }
    self.state = Mutex(record)
  }

  /// What is stored now.
  public var record: ClientRecord { self.state.withLock { $0 } }

  /// True: whatever is lost here is lost with the whole program.
  public var keepsMessages: Bool { true }

  public func load() -> ClientRecord { self.record }

  public func save(_ changes: [ClientChange]) {
    self.state.withLock { record in
      for change in changes { record.apply(change) }
    }
  }

  public func synchronize() {}

  public func close() {}
}
