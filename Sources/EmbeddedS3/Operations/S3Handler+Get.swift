import AWSKit
import HTTPTypes

extension S3Handler {
  /// GetObject and HeadObject, which differ in the body only.
  func getObject(_ call: Call) throws -> S3Reply {
    let version = try self.store.find(call.key, versionID: call.versionID, in: call.bucket)
    guard let object = version.object else { throw S3Error.noSuchKey(call.key) }
    try ObjectEncryption.check(object.headers.encryption, call.request)
    let versioning = try self.store.bucket(call.bucket).versioning
    var headers: [(name: String, value: String)] = [
      ("etag", "\"\(object.etag)\""), ("last-modified", S3Date.http(version.lastModified)),
      ("accept-ranges", "bytes"),
    ]
    if versioning != .unversioned { headers.append(("x-amz-version-id", version.versionID)) }
    if !call.request.ignoresConditions {
      try self.checkReadConditions(call.request, version, object, headers: headers)
    }
    headers += object.headers.replyHeaders
    if !object.tags.isEmpty { headers.append(("x-amz-tagging-count", String(object.tags.count))) }
    if call.header("x-amz-checksum-mode")?.uppercased() == "ENABLED", let checksum = object.checksum {
      headers += checksum.headers
    }
    Self.override(&headers, call.request)

    let range = try self.range(call.request, object)
    let size = object.size
    var status = HTTPResponse.Status.ok
    if let range {
      status = .partialContent
      headers.append(("content-range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"))
    }
    if call.request.has("partNumber"), !object.parts.isEmpty {
      headers.append(("x-amz-mp-parts-count", String(object.parts.count)))
    }
    if call.operation == .headObject {
      return S3Reply(status, headers: headers, body: .length(range?.count ?? size))
    }
    return S3Reply(status, headers: headers, body: .content(range.map { object.content.slice($0) } ?? object.content))
  }

  /// In the order of RFC 9110: an ETag condition decides before a date.
  private func checkReadConditions(
    _ request: S3Request, _ version: ObjectVersion, _ object: StoredObject, headers: [(name: String, value: String)]
  ) throws {
    func time(_ name: String) -> Int64? {
      request.header(name).flatMap { AWSTimestamp(httpDate: $0)?.seconds }
    }
    let modified = version.lastModified / 1000
    if let ifMatch = request.header("if-match") {
      guard matches(ifMatch, object.etag) else { throw S3Error.preconditionFailed("If-Match") }
    } else if let limit = time("if-unmodified-since"), modified > limit {
      throw S3Error.preconditionFailed("If-Unmodified-Since")
    }
    let isUnchanged: Bool
    if let ifNoneMatch = request.header("if-none-match") {
      isUnchanged = matches(ifNoneMatch, object.etag)
    } else {
      isUnchanged = time("if-modified-since").map { modified <= $0 } ?? false
    }
    if isUnchanged {
      var error = S3Error(.notModified, "NotModified", "Not Modified")
      error.headers = headers
      throw error
    }
  }

  /// The bytes that `Range` or `partNumber` ask for; nil for all.
  private func range(_ request: S3Request, _ object: StoredObject) throws -> Range<Int>? {
    if request.has("partNumber") {
      let number = try request.integer("partNumber", default: 1, in: 1...10_000)
      if object.parts.isEmpty, number == 1 { return nil }
      guard let index = object.parts.firstIndex(where: { $0.number == number }) else {
        throw S3Error(
          .rangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable",
          [("ActualPartCount", String(max(object.parts.count, 1))), ("PartNumberRequested", String(number))])
      }
      let start = object.parts[..<index].reduce(0) { $0 + $1.size }
      return start..<(start + object.parts[index].size)
    }
    guard let header = request.header("range"), let wanted = ByteRange(header) else { return nil }
    guard let range = wanted.resolve(size: object.size) else {
      var error = S3Error(
        .rangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable",
        [("RangeRequested", header), ("ActualObjectSize", String(object.size))])
      error.headers = [("content-range", "bytes */\(object.size)")]
      throw error
    }
    return range
  }

  /// `response-content-type` and its kin.
  private static func override(_ headers: inout [(name: String, value: String)], _ request: S3Request) {
    for (name, value) in request.parameters where name.hasPrefix("response-") {
      let header = String(name.dropFirst("response-".count))
      headers.removeAll { $0.name == header }
      headers.append((header, value))
    }
  }

  func getObjectAcl(_ call: Call) throws -> S3Reply {
    let version = try self.store.find(call.key, versionID: call.versionID, in: call.bucket)
    // What an object without ACL has.
    let grants =
      version.object?.headers.access?.grants
      ?? [ObjectAccess.Grant(grantee: Self.ownerID, permission: "FULL_CONTROL")]
    return .xml("AccessControlPolicy") { xml in
      Self.writeOwner(&xml)
      xml.element("AccessControlList") { xml in
        for grant in grants {
          xml.element("Grant") { xml in
            let isGroup = grant.grantee.contains("://")
            let type = isGroup ? "Group" : "CanonicalUser"
            let schema = #" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="\#(type)""#
            xml.element("Grantee", attributes: schema) { xml in
              xml.element(isGroup ? "URI" : "ID", grant.grantee)
            }
            xml.element("Permission", grant.permission)
          }
        }
      }
    }
  }
}

/// One range of a `Range` header: `bytes=A-B`, `bytes=A-`, `bytes=-N`.
struct ByteRange {
  private var first: Int?
  private var last: Int?

  /// Nil for whatever is not a single range; servers ignore those.
  init?(_ header: String) {
    guard header.hasPrefix("bytes=") else { return nil }
    let bounds = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
    guard bounds.count == 2 else { return nil }
    self.first = Int(bounds[0])
    self.last = Int(bounds[1])
    guard self.first != nil || self.last != nil, self.first != nil || bounds[0].isEmpty,
      self.last != nil || bounds[1].isEmpty, (self.first ?? 0) <= (self.last ?? .max) || self.first == nil
    else { return nil }
  }

  /// Nil when the range lies outside.
  func resolve(size: Int) -> Range<Int>? {
    guard let first else {
      guard let last, last > 0, size > 0 else { return nil }
      return max(size - last, 0)..<size
    }
    guard first < size else { return nil }
    return first..<(min(last ?? .max, size - 1) + 1)
  }
}
