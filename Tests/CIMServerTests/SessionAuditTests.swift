import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import NIOCore
import TestSupport
import Testing

@Suite("What a server says of its sessions is put right", .timeLimit(.minutes(1)))
struct SessionAuditTests {
  @Test("A connected client whose record is lost is listed again, without a new connection")
  func lostRecord() async throws {
    try await Cluster.run {
      $0.server = { $0.syncInterval = .milliseconds(100) }
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let user = UserID(ann.user.id)
      let before = try await cluster.stores.sessions.sessions(of: [user])[user]
      let session = try #require(before?.first)
      _ = try await cluster.stores.sessions.close(
        user: user, device: session.device, epoch: session.epoch)
      try await eventually("the record is back") {
        try await cluster.stores.sessions.sessions(of: [user])[user] == [session]
      }
      await ann.leave()
    }
  }

  @Test("A record of which the server knows nothing is removed")
  func ghost() async throws {
    try await Cluster.run {
      $0.route = {
        $0.auditInterval = .milliseconds(50)
        $0.unknownSessionGrace = .milliseconds(100)
      }
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let instance = try #require(cluster.servers[0].node.instance)
      let account = try await cluster.stores.accounts.register(try UserName("bob")).account
      _ = try await cluster.stores.sessions.open(
        user: account.id, device: try DeviceID("d"), on: instance, loginGeneration: 1)
      try await eventually("only ann is online") {
        try await cluster.stores.sessions.onlineUsers(on: [instance], after: nil, limit: 10)
          == [UserID(ann.user.id)]
      }
      await ann.leave()
    }
  }
}
