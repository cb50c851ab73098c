import NgRPC
import NgRPCInteropProtos

/// Many large calls in a row, each of which may take so long.
struct Soak {
  typealias Body = (GrpcTesting.TestService.Client) async throws -> Void

  let options: SoakOptions

  /// - Parameter withStub: gives a call the stubs that it uses.
  /// - Throws: ``CaseFailure`` when too many calls fail or all together take too long.
  func run(_ withStub: @escaping @Sendable (Body) async throws -> Void) async throws {
    let clock = ContinuousClock()
    let limit = Duration.seconds(
      options.overallTimeout ?? max(1, options.iterations * options.maxLatency / 1000))
    let deadline = clock.now + limit
    let (failures, done) = await withTaskGroup(of: (failures: [String], done: Int).self) { group in
      for _ in 0..<options.threads {
        group.addTask { await worker(until: deadline, withStub) }
      }
      return await group.reduce(into: ([String](), 0)) { sum, part in
        sum.0 += part.failures
        sum.1 += part.done
      }
    }
    guard done == options.iterations else {
      throw CaseFailure("\(done) of \(options.iterations) calls were made within \(limit)")
    }
    guard failures.count <= options.maxFailures else {
      throw CaseFailure(
        "\(failures.count) of \(options.iterations) calls failed, the last with: \(failures.last ?? "")")
    }
  }

  private func worker(
    until deadline: ContinuousClock.Instant, _ withStub: @Sendable (Body) async throws -> Void
  ) async -> (failures: [String], done: Int) {
    let clock = ContinuousClock()
    let maximum = Duration.milliseconds(options.maxLatency)
    var failures: [String] = []
    for iteration in 0..<options.iterations / options.threads {
      let begin = clock.now
      guard begin < deadline else { return (failures, iteration) }
      do {
        try await withStub { stub in
          let response = try await stub.unaryCall(
            GrpcTesting.SimpleRequest(
              responseSize: Int32(clamping: options.responseSize),
              payload: GrpcTesting.Payload(zeros: options.requestSize)),
            options: CallOptions(timeout: deadline - begin))
          try expectPayload(response.payload, options.responseSize)
        }
        let latency = clock.now - begin
        if latency > maximum { failures.append("it took \(latency), more than \(maximum)") }
      } catch {
        failures.append("\(error)")
      }
      // Cancelled or not: the next iteration looks at the deadline.
      try? await clock.sleep(until: min(begin + .milliseconds(options.minTimeBetween), deadline))
    }
    return (failures, options.iterations / options.threads)
  }
}
