/// A condition on the current version of an object. ETags are in their normal form, without quotes.
public enum S3Condition: Hashable, Sendable {
  /// `If-Match`: the object has this ETag.
  case ifMatch(String)
  /// `If-None-Match: *`: there is no object of this key.
  case ifAbsent
  /// `If-None-Match`: the object has another ETag; for reads, which then fail with `notModified`.
  case ifNoneMatch(String)
}

/// How a client writes ETags in conditions.
public enum ETagQuoting: Sendable {
  /// `"etag"`, as the standard wants it.
  case quoted
  /// Without quotes; Ceph radosgw 16.2 takes a quoted ETag for another one.
  case unquoted
}

package enum ETag {
  /// The normal form of the API: no quotes. A weak mark `W/` stays, so that it cannot pass for a strong one.
  package static func normalised(_ raw: some StringProtocol) -> String {
    let text = String(raw)
    let (bytes, quote) = (text.utf8, UInt8(ascii: "\""))
    guard bytes.count >= 2, bytes.first == quote, bytes.last == quote else { return text }
    return String(Substring(bytes.dropFirst().dropLast()))
  }
}
