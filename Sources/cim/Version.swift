/// Which cim this is.
enum Version {
  /// The version, as `cim --version` prints it and as servers and routes register with.
  static let text = "0.1.0"
}
