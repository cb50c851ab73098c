import CIMCore

/// A random identifier of 22 characters of `[0-9A-Za-z_-]`, 128 bits and more.
func randomWord(using random: inout some RandomNumberGenerator) -> String {
  let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-".utf8)
  let characters = (0..<22).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] }
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
  static func random(using random: inout some RandomNumberGenerator) -> Self {
    guard let producer = try? Self(randomWord(using: &random)) else {
      preconditionFailure("a random word is a valid id")
    }
    return producer
  }
}
