/// The paths of an invalidation, as “What you need to know when invalidating paths” of the CloudFront developer
/// guide has them.
public enum InvalidationPath {
  /// Paths in one invalidation; one that ends in `*` counts as one.
  public static let limit = 3_000
  /// Characters of a path.
  public static let maximumLength = 4_000

  /// The path of an object: `/` and its key. Only what is not ASCII and what RFC 1738 calls unsafe is
  /// percent-encoded, since CloudFront compares with what viewers ask for; besides `?`, which would begin a query,
  /// `*`, which would be a wildcard, and `'`, which it does not take.
  public static func ofKey(_ key: String) -> String {
    var encoded: [UInt8] = [UInt8(ascii: "/")]
    encoded.reserveCapacity(key.utf8.count + 16)
    for byte in key.utf8 {
      if isKept(byte) {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "%"), upperHex[Int(byte >> 4)], upperHex[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// Everything below the folder of these paths that holds them all: their longest common start up to a slash,
  /// and `*`. Nil without paths.
  public static func common(_ paths: some Collection<String>) -> String? {
    guard var common = paths.first?.utf8[...] else { return nil }
    for path in paths.dropFirst() {
      let shared = zip(common, path.utf8).prefix { $0 == $1 }.count
      common = common.prefix(shared)
    }
    guard let slash = common.lastIndex(of: UInt8(ascii: "/")) else { return "/*" }
    return String(Substring(common[...slash])) + "*"
  }

  private static let upperHex = Array("0123456789ABCDEF".utf8)

  private static func isKept(_ byte: UInt8) -> Bool {
    switch byte {
    case ...0x20, 0x7F...: false
    case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "%"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "`"),
      UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
      false
    case UInt8(ascii: "?"), UInt8(ascii: "*"), UInt8(ascii: "'"): false
    default: true
    }
  }
}
