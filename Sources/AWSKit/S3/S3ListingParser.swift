/// Reads a page of ListObjectsV2 without making a tree of it.
enum S3ListingParser {
  /// Bytes: 1,000 keys of 1,024 bytes, each byte encoded in three, and as much again for the rest.
  static let maximumPageSize = 16 << 20

  /// - Throws: ``XMLError``; ``FalseSuccess``; ``S3Error`` (`malformedReply`) when a truncated page has no token.
  static func parse(_ bytes: [UInt8]) throws -> S3ListPage {
    var scanner = XMLScanner(bytes)
    guard try scanner.next() == .start else { throw XMLError(reason: "the document has no element", offset: 0) }
    if scanner.nameIs("Error") { throw FalseSuccess(error: S3ErrorBody(parsing: bytes)) }
    guard scanner.nameIs("ListBucketResult") else {
      throw XMLError(reason: "the document is not a ListBucketResult", offset: 0)
    }
    var page = S3ListPage()
    var keys: [ArraySlice<UInt8>] = []
    var prefixes: [ArraySlice<UInt8>] = []
    var isEncoded = false
    loop: while true {
      switch try scanner.next() {
      case .start:
        if scanner.nameIs("Contents") {
          try readObject(&scanner, into: &page.objects, &keys)
        } else if scanner.nameIs("CommonPrefixes") {
          try readPrefixes(&scanner, into: &prefixes)
        } else if scanner.nameIs("IsTruncated") {
          page.isTruncated = try scanner.elementText().elementsEqual("true".utf8)
        } else if scanner.nameIs("NextContinuationToken") {
          page.nextContinuationToken = String(decoding: try scanner.elementText(), as: UTF8.self)
        } else if scanner.nameIs("EncodingType") {
          // May come after the keys, which are therefore decoded at the end.
          isEncoded = try scanner.elementText().elementsEqual("url".utf8)
        } else {
          try scanner.skipElement()
        }
      case .text, .end: continue
      case .endOfDocument: break loop
      }
    }
    if page.isTruncated, page.nextContinuationToken?.isEmpty ?? true {
      throw S3Error(.malformedReply, message: "the listing is truncated but has no continuation token")
    }
    decodeKeys(&page, keys, prefixes, isEncoded)
    return page
  }

  private static func decodeKeys(
    _ page: inout S3ListPage, _ keys: [ArraySlice<UInt8>], _ prefixes: [ArraySlice<UInt8>], _ encoded: Bool
  ) {
    var decoded: [S3ListPage.Object] = []
    decoded.reserveCapacity(keys.count)
    for (index, raw) in keys.enumerated() {
      guard let key = decode(raw, isEncoded: encoded) else {
        page.undecodableKeys.append(printable(raw))
        continue
      }
      decoded.append(page.objects[index])
      decoded[decoded.count - 1].key = key
    }
    page.objects = decoded
    for raw in prefixes {
      if let prefix = decode(raw, isEncoded: encoded) {
        page.commonPrefixes.append(prefix)
      } else {
        page.undecodableKeys.append(printable(raw))
      }
    }
  }

  static func decode(_ text: String, isEncoded: Bool) -> String? { decode(Array(text.utf8)[...], isEncoded: isEncoded) }

  /// S3 writes a blank as `+`, other servers as `%20`.
  private static func decode(_ raw: ArraySlice<UInt8>, isEncoded: Bool) -> String? {
    let needsDecoding = isEncoded && raw.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }
    guard needsDecoding else { return String(validating: raw, as: UTF8.self) }
    return URIEncoding.decode(raw, plusIsBlank: true).flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// What cannot be a key is shown percent-encoded.
  private static func printable(_ raw: ArraySlice<UInt8>) -> String {
    String(validating: raw, as: UTF8.self) ?? URIEncoding.encode(raw, keepingSlash: true)
  }

  private static func readObject(
    _ scanner: inout XMLScanner, into objects: inout [S3ListPage.Object], _ keys: inout [ArraySlice<UInt8>]
  ) throws {
    var key: ArraySlice<UInt8>?
    var size: Int64?
    var lastModified: AWSTimestamp?
    var object = S3ListPage.Object(key: "", etag: "", size: 0, lastModified: AWSTimestamp(seconds: 0))
    while true {
      switch try scanner.next() {
      case .start:
        if scanner.nameIs("Key") {
          key = try scanner.elementText()
        } else if scanner.nameIs("Size") {
          size = Int64(byteCount: String(decoding: try scanner.elementText(), as: UTF8.self))
        } else if scanner.nameIs("LastModified") {
          lastModified = AWSTimestamp(iso8601: try scanner.elementText())
        } else if scanner.nameIs("ETag") {
          object.etag = ETag.normalised(String(decoding: try scanner.elementText(), as: UTF8.self))
        } else if scanner.nameIs("StorageClass") {
          object.storageClass = String(decoding: try scanner.elementText(), as: UTF8.self)
        } else if scanner.nameIs("ChecksumType") {
          object.checksumType = S3ChecksumType(
            rawValue: String(decoding: try scanner.elementText(), as: UTF8.self))
        } else {
          try scanner.skipElement()
        }
      case .text: continue
      case .end, .endOfDocument:
        guard let key, let size, let lastModified else {
          throw XMLError(reason: "an object of the listing lacks its key, size or time", offset: 0)
        }
        object.size = size
        object.lastModified = lastModified
        objects.append(object)
        keys.append(key)
        return
      }
    }
  }

  private static func readPrefixes(_ scanner: inout XMLScanner, into prefixes: inout [ArraySlice<UInt8>]) throws {
    while true {
      switch try scanner.next() {
      case .start where scanner.nameIs("Prefix"): prefixes.append(try scanner.elementText())
      case .start: try scanner.skipElement()
      case .text: continue
      case .end, .endOfDocument: return
      }
    }
  }
}

extension XMLScanner {
  /// The character data of the element that has just started, up to its end; elements inside are skipped.
  mutating func elementText() throws(XMLError) -> ArraySlice<UInt8> {
    var whole: ArraySlice<UInt8> = []
    while true {
      switch try next() {
      case .text: if whole.isEmpty { whole = text } else { whole += text }
      case .start: try skipElement()
      case .end, .endOfDocument: return whole
      }
    }
  }

  /// Goes on to the end of the element that has just started.
  mutating func skipElement() throws(XMLError) {
    let outer = depth - 1
    while depth > outer { _ = try next() }
  }
}
