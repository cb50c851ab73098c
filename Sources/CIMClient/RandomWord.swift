import CIMCore

/// A random identifier of characters of `[0-9A-Za-z_-]`; 22 of them are 128 bits and more.
func randomWord(_ count: Int = 22, using random: inout some RandomNumberGenerator) -> String {
  let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-".utf8)
  let characters = (0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] }
  return String(decoding: characters, as: UTF8.self)
}

extension DeviceID {
  /// A device of its own for each call: 128 random bits.
  public static func random() -> Self {
    var random = SystemRandomNumberGenerator()
    guard let device = try? Self(randomWord(using: &random)) else {
      preconditionFailure("a random word is a valid id")
    }
    return device
  }
}

extension ProducerID {
  /// What all producers of a device begin with: 128 random bits.
  static func randomPrefix() -> String {
    var random = SystemRandomNumberGenerator()
    return randomWord(using: &random)
  }

  /// A producer of its own for each call: the prefix and 66 random bits.
  static func random(prefix: String, using random: inout some RandomNumberGenerator) -> Self {
    guard let producer = try? Self(prefix + randomWord(11, using: &random)) else {
      preconditionFailure("a prefix and a random word are a valid id")
    }
    return producer
  }
}
