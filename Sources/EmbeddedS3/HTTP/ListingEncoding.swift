import AWSKit

/// How a listing shows keys: as they are, or with `encoding-type=url` encoded by form rules, except that `/` stays.
struct ListingEncoding {
  var isURL: Bool

  func callAsFunction(_ key: ObjectKey) -> String {
    guard self.isURL else { return key.string }
    guard key.bytes.contains(where: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "~") })
    else { return URIEncoding.encode(key.bytes, keepingSlash: true) }
    return key.bytes.map { byte in
      switch byte {
      case UInt8(ascii: " "): "+"
      case UInt8(ascii: "*"): "*"
      case UInt8(ascii: "~"): "%7E"
      default: URIEncoding.encode(CollectionOfOne(byte), keepingSlash: true)
      }
    }.joined()
  }
}
