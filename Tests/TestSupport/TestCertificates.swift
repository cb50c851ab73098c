/// Keys and certificates of Tests/Certificates/make, whose comment lists them.
public final class TestCertificates: Sendable {
  private static let made = Task { try await TestCertificates() }

  /// Those that all tests share; made when the first test asks.
  public static var shared: TestCertificates { get async throws { try await made.value } }

  private let directory: TemporaryDirectory

  private init() async throws {
    directory = try TemporaryDirectory("certificates")
    let make = try ChildProcess(Command("\(Repository.root)/Tests/Certificates/make", [directory.path]))
    let exit = try await make.waitUntilExit(within: .seconds(30))
    guard exit == .code(0) else { throw CertificatesNotMade(description: make.errors.text) }
  }

  /// The path of a certificate.
  public func certificate(_ name: String) -> String { "\(directory.path)/\(name).pem" }

  /// The path of its key.
  public func key(_ name: String) -> String { "\(directory.path)/\(name).key" }
}

public struct CertificatesNotMade: Error, CustomStringConvertible {
  public let description: String
}
