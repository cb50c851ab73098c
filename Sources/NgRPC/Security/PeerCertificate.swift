import NIOCore
import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// The certificate that the other end of a TLS connection has shown, and that was verified.
///
/// Refers to what the connection keeps anyway; what is asked of it is looked up each time.
public struct PeerCertificate: Sendable, Hashable {
  /// A name that a certificate is for: RFC 5280, section 4.2.1.6.
  public enum Name: Sendable, Hashable {
    case dns(String)
    /// Such as the SPIFFE identity of a workload.
    case uri(String)
    case email(String)
    /// In its usual form, such as `127.0.0.1` or `::1`.
    case ipAddress(String)
  }

  private let certificate: NIOSSLCertificate

  init(_ certificate: NIOSSLCertificate) { self.certificate = certificate }

  /// The names that the certificate is for (subject alternative names), in its order. Other kinds of names are left out.
  public var names: [Name] {
    certificate._subjectAlternativeNames().compactMap { name in
      let bytes = name.contents.withUnsafeBufferPointer { Array($0) }
      let text = String(decoding: bytes, as: UTF8.self)
      switch name.nameType {
      case .dnsName: return .dns(text)
      case .uri: return .uri(text)
      case .email: return .email(text)
      case .ipAddress:
        return (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0))
          .flatMap(\.ipAddress).map { .ipAddress($0) }
      default: return nil
      }
    }
  }

  /// Whether the certificate is for a host: one of its DNS names is this one, or has a wildcard for the first label (RFC 9525, section 6.3).
  func isFor(host: String) -> Bool {
    let host = host.lowercased()
    let parent = host.firstIndex(of: ".").flatMap { $0 == host.startIndex ? nil : host[$0...] }
    return names.contains { name in
      guard case .dns(let name) = name else { return false }
      guard name.hasPrefix("*.") else { return name.lowercased() == host }
      return parent.map { $0 == name.lowercased().dropFirst() } ?? false
    }
  }

  /// The SPIFFE identity of a workload, such as `spiffe://example.org/ns/chat/sa/route`: the only URI that the certificate is for
  /// (X.509-SVID, section 2). nil when there is none, or more than one.
  public var spiffeID: String? {
    var uris = names.compactMap { if case .uri(let uri) = $0 { uri } else { nil } }
    guard let uri = uris.popLast(), uris.isEmpty, uri.hasPrefix("spiffe://") else { return nil }
    return uri
  }

  /// Seconds since 1970 from which the certificate is valid.
  public var notValidBefore: Int { certificate.notValidBefore }
  /// Seconds since 1970 until which the certificate is valid.
  public var notValidAfter: Int { certificate.notValidAfter }
  var hasExpired: Bool { time(nil) > notValidAfter }
  /// The number that its authority gave it, big-endian.
  public var serialNumber: [UInt8] { certificate.serialNumber }
  /// The certificate itself, encoded as DER, for whoever wants to know more.
  public var derBytes: [UInt8] { get throws { try certificate.toDERBytes() } }
}

extension PeerCertificate: CustomStringConvertible {
  /// Its names, and until when it is valid.
  public var description: String {
    let names = names.map { name in
      switch name {
      case .dns(let name), .uri(let name), .email(let name), .ipAddress(let name): name
      }
    }
    return
      "\(names.isEmpty ? "no name" : names.joined(separator: ", ")), valid until \(Self.date(notValidAfter))"
  }

  /// As RFC 3339 writes it, in UTC.
  static func date(_ seconds: Int) -> String {
    var (time, parts) = (time_t(seconds), tm())
    gmtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
