import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Where certificates or a private key in PEM form (RFC 7468) come from.
public enum PEMSource: Sendable, Hashable {
  /// The path of a file. It may change, or a link to it: the new content is used, see ``ServerTLS`` and ``ClientTLS``.
  case file(String)
  /// The text itself.
  case bytes([UInt8])
}

extension PEMSource: CustomStringConvertible {
  /// The path; never the content.
  public var description: String {
    switch self {
    case .file(let path): path
    case .bytes(let bytes): "\(bytes.count) bytes"
    }
  }

  /// More than any chain, key or bundle of authorities takes.
  private static let maxBytes = 16 * 1024 * 1024

  /// Blocks the thread while it reads a file.
  func read() throws(InvalidTLS) -> [UInt8] {
    guard case .file(let path) = self else {
      if case .bytes(let bytes) = self { return bytes }
      return []
    }
    guard let file = fopen(path, "rbe") else { throw unreadable() }
    defer { fclose(file) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      content.append(contentsOf: chunk[..<count])
      guard count > 0 else { break }
      guard content.count <= Self.maxBytes else {
        throw InvalidTLS("\(self) is larger than \(Self.maxBytes) bytes; it must hold PEM text")
      }
    }
    guard ferror(file) == 0 else { throw unreadable() }
    return content
  }

  private func unreadable() -> InvalidTLS {
    InvalidTLS("\(self) can't be read: \(String(cString: strerror(errno)))")
  }
}

/// A certificate and its private key: what one shows to the peer.
public struct TLSIdentity: Sendable, Hashable {
  /// The certificate, followed by those of the intermediate authorities that lead to a root.
  public var certificateChain: PEMSource
  /// The key of the first certificate, unencrypted: PKCS #8, PKCS #1 or SEC 1.
  public var privateKey: PEMSource

  public init(certificateChain: PEMSource, privateKey: PEMSource) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
  }
}

/// Whose certificates are believed.
public enum TLSTrustRoots: Sendable, Hashable {
  /// The authorities that the system trusts; on Debian those of the package `ca-certificates`. Read once.
  case system
  /// These authorities and no others.
  case pem([PEMSource])
}

/// The oldest version of TLS that is spoken. HTTP/2 takes 1.2 at least: RFC 9113, section 9.2.
public enum MinimumTLSVersion: Sendable, Hashable { case tls12, tls13 }

/// Certificates, keys or trust roots that can't be used.
public struct InvalidTLS: Error, Hashable, CustomStringConvertible {
  /// For people: what is wrong with which file.
  public var description: String

  init(_ description: String) { self.description = description }
}
