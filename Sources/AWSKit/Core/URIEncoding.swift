/// Percent-encoding as S3 and SigV4 want it: UTF-8 bytes, upper-case hex, only `A-Z a-z 0-9 - . _ ~` kept.
/// Nothing is ever normalised: `//`, `.` and `..` are ordinary parts of a key.
package enum URIEncoding {
  /// A key in a path: `/` is kept.
  package static func path(_ key: String) -> String { encode(key.utf8, keepingSlash: true) }

  /// A query name or value: `/` is encoded too.
  package static func query(_ text: String) -> String { encode(text.utf8, keepingSlash: false) }

  package static func encode(_ bytes: some Sequence<UInt8>, keepingSlash: Bool) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(bytes.underestimatedCount + 16)
    for byte in bytes {
      if isUnreserved(byte) || (keepingSlash && byte == UInt8(ascii: "/")) {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(upperHex[Int(byte >> 4)])
        encoded.append(upperHex[Int(byte & 15)])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// Percent-decoded bytes; nil when a `%` is not followed by two hex digits.
  /// - Parameter plusIsBlank: form rules, by which S3 encodes keys in listings (`encoding-type=url`).
  package static func decode(_ text: some Sequence<UInt8>, plusIsBlank: Bool = false) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(text.underestimatedCount)
    var bytes = text.makeIterator()
    while let byte = bytes.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = bytes.next().flatMap(hexValue), let low = bytes.next().flatMap(hexValue) else { return nil }
        decoded.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsBlank:
        decoded.append(UInt8(ascii: " "))
      default:
        decoded.append(byte)
      }
    }
    return decoded
  }

  /// The canonical form of a path that another client encoded in its own way (some keep `!*'()`); nil when malformed.
  package static func canonicalPath(_ path: String) -> String? {
    decode(path.utf8).map { encode($0, keepingSlash: true) }
  }

  private static let upperHex = Array("0123456789ABCDEF".utf8)

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func hexValue(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
