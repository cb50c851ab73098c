import CIMCore
import TestSupport
import Testing
import NgRPC

@Suite("Server registry")
struct ServerRegistryTests {
  @Test("A registry without servers says so at once", arguments: RegistryForm.all)
  func empty(form: RegistryForm) async throws {
    try await form.withRegistry { here, _ in
      var lists = here.servers().makeAsyncIterator()
      #expect(await lists.next() == [])
      try await here.ping()
    }
  }

  @Test("A registered server is listed everywhere, with all that it tells", arguments: RegistryForm.all)
  func listing(form: RegistryForm) async throws {
    try await form.withRegistry { here, there in
      let record = try ServerRecord.named("server-1")
      let registration = try await here.register(record)
      #expect(registration.instance == record.instance)
      for registry in [here, there] {
        try await registry.servers("with the one registered") { $0 == [record] }
      }
    }
  }

  @Test("Servers are listed by ascending id", arguments: RegistryForm.all)
  func order(form: RegistryForm) async throws {
    try await form.withRegistry { here, there in
      for id in ["b", "a-1", "a", "c.d"] {
        _ = try await here.register(try ServerRecord.named(id))
      }
      let list = try await there.servers("with four") { $0.count == 4 }
      #expect(list.map(\.instance.id.rawValue) == ["a", "a-1", "b", "c.d"])
    }
  }

  @Test("30 servers registered at once are all listed", arguments: RegistryForm.all)
  func concurrency(form: RegistryForm) async throws {
    try await form.withRegistry { here, there in
      let records = try await concurrently(30) { number in
        let record = try ServerRecord.named("server-\(number)", port: 1 + number)
        _ = try await (number.isMultiple(of: 2) ? here : there).register(record)
        return record
      }
      let list = try await there.servers("with all") { $0.count == 30 }
      #expect(Set(list) == Set(records))
    }
  }

  @Test(
    "A withdrawn server is listed no more, and withdrawing again does nothing", arguments: RegistryForm.all)
  func withdrawal(form: RegistryForm) async throws {
    try await form.withRegistry { here, there in
      let staying = try ServerRecord.named("server-1")
      _ = try await here.register(staying)
      let leaving = try await here.register(try ServerRecord.named("server-2"))
      try await there.servers("with both") { $0.count == 2 }
      await leaving.withdraw()
      try await there.servers("with the one left") { $0 == [staying] }
      await leaving.withdraw()
      try await leaving.setDraining(true)
      try await there.servers("still with the one left") { $0 == [staying] }
    }
  }

  @Test("A server that is going away is listed so, under the same registration", arguments: RegistryForm.all)
  func draining(form: RegistryForm) async throws {
    try await form.withRegistry { here, there in
      let record = try ServerRecord.named("server-1")
      let registration = try await here.register(record)
      try await registration.setDraining(true)
      try await there.servers("with the one going away") { $0 == [record.with(isDraining: true)] }
      #expect(registration.instance == record.instance)
      try await registration.setDraining(false)
      try await there.servers("with the one that stays") { $0 == [record] }
    }
  }

  @Test(
    "A later registration of an id takes the place of the earlier, whose withdrawal then changes nothing",
    arguments: RegistryForm.all)
  func replacement(form: RegistryForm) async throws {
    try await form.withRegistry { here, there in
      let old = try await here.register(try ServerRecord.named("server-1"))
      let record = try ServerRecord.named("server-1", port: 7_000)
      let new = try await there.register(record)
      try await here.servers("with the later") { $0 == [record] }
      await old.withdraw()
      try await old.setDraining(true)
      let other = try ServerRecord.named("server-2")
      _ = try await here.register(other)
      // Whatever the earlier one had changed would have been seen before this.
      try await there.servers("with the later and one more") { $0 == [record, other] }
      #expect(new.instance == record.instance)
    }
  }

  @Test(
    "A registration tells its current instance first, and ends with the withdrawal",
    arguments: RegistryForm.all)
  func instances(form: RegistryForm) async throws {
    try await form.withRegistry { here, _ in
      let record = try ServerRecord.named("server-1")
      let registration = try await here.register(record)
      var instances = registration.instances().makeAsyncIterator()
      #expect(await instances.next() == record.instance)
      await registration.withdraw()
      #expect(await instances.next() == nil)
    }
  }

  @Test("A route registers beside the servers and is not listed among them", arguments: RegistryForm.all)
  func routes(form: RegistryForm) async throws {
    try await form.withRegistry { here, there in
      let server = try ServerRecord.named("same-id")
      _ = try await here.register(server)
      let route = RouteRecord(
        instance: ServerInstance(id: server.instance.id, incarnation: .random()),
        endpoint: Endpoint(host: "10.0.0.2", port: 8_000), version: "1")
      let registration = try await here.register(route)
      #expect(registration.instance == route.instance)
      try await registration.setDraining(true)
      try await there.servers("with the server alone") { $0 == [server] }
      await registration.withdraw()
      try await there.servers("still with the server") { $0 == [server] }
    }
  }
}
