import AWSKit
import Checksums

extension S3Handler {
  /// ListObjectsV2 and, for old clients, ListObjects.
  func listObjects(_ call: Call) throws -> S3Reply {
    let request = call.request
    let isV2 = call.operation == .listObjectsV2
    let encoding = try self.encoding(request)
    var query = try self.query(request)
    let token = request.parameter("continuation-token")
    if isV2, let token {
      query.after = try self.key(fromToken: token)
    } else if let start = request.parameter(isV2 ? "start-after" : "marker"), !start.isEmpty {
      query.after = ObjectKey(start)
    }
    if let after = query.after { query.start = after.successor }
    let page = try self.store.listObjects(query, in: call.bucket)
    let showsOwner = !isV2 || request.parameter("fetch-owner") == "true"

    return .xml(capacity: 512 + page.items.count * 400, "ListBucketResult") { xml in
      xml.element("Name", call.bucket)
      xml.element("Prefix", encoding(query.prefix))
      if isV2 {
        if let start = request.parameter("start-after") { xml.element("StartAfter", encoding(ObjectKey(start))) }
        xml.element("ContinuationToken", token)
        xml.element("KeyCount", page.items.count + page.commonPrefixes.count)
        if page.isTruncated { xml.element("NextContinuationToken", page.last.map { Base64.encode($0.bytes) }) }
      } else {
        xml.element("Marker", encoding(ObjectKey(request.parameter("marker") ?? "")))
        // S3 gives a marker only where the client could not know it.
        if page.isTruncated, !query.delimiter.isEmpty { xml.element("NextMarker", page.last.map { encoding($0) }) }
      }
      xml.element("MaxKeys", query.limit)
      if !query.delimiter.isEmpty { xml.element("Delimiter", encoding(ObjectKey(query.delimiter))) }
      if encoding.isURL { xml.element("EncodingType", "url") }
      xml.element("IsTruncated", page.isTruncated)
      for (key, version) in page.items {
        guard let object = version.object else { continue }
        xml.element("Contents") { xml in
          xml.element("Key", encoding(key))
          xml.element("LastModified", S3Date.listing(version.lastModified))
          Self.write(object, &xml)
          if showsOwner { Self.writeOwner(&xml) }
        }
      }
      Self.write(page.commonPrefixes, encoding, &xml)
    }
  }

  func listObjectVersions(_ call: Call) throws -> S3Reply {
    let request = call.request
    let encoding = try self.encoding(request)
    var query = try self.query(request)
    var marker: ObjectStore.VersionMarker?
    if let key = request.parameter("key-marker"), !key.isEmpty {
      let id = request.parameter("version-id-marker").flatMap { $0.isEmpty ? nil : $0 }
      let key = ObjectKey(key)
      marker = ObjectStore.VersionMarker(key: key, versionID: id)
      query.after = key
      query.start = id == nil ? key.successor : key
    }
    let (page, next) = try self.store.listVersions(query, after: marker, in: call.bucket)

    return .xml(capacity: 512 + page.items.count * 500, "ListVersionsResult") { xml in
      xml.element("Name", call.bucket)
      xml.element("Prefix", encoding(query.prefix))
      xml.element("KeyMarker", encoding(ObjectKey(request.parameter("key-marker") ?? "")))
      xml.element("VersionIdMarker", request.parameter("version-id-marker") ?? "")
      if let next {
        xml.element("NextKeyMarker", encoding(next.key))
        xml.element("NextVersionIdMarker", next.versionID)
      }
      xml.element("MaxKeys", query.limit)
      if !query.delimiter.isEmpty { xml.element("Delimiter", encoding(ObjectKey(query.delimiter))) }
      if encoding.isURL { xml.element("EncodingType", "url") }
      xml.element("IsTruncated", page.isTruncated)
      for (key, listed) in page.items {
        xml.element(listed.version.object == nil ? "DeleteMarker" : "Version") { xml in
          xml.element("Key", encoding(key))
          xml.element("VersionId", listed.version.versionID)
          xml.element("IsLatest", listed.isLatest)
          xml.element("LastModified", S3Date.listing(listed.version.lastModified))
          if let object = listed.version.object { Self.write(object, &xml) }
          Self.writeOwner(&xml)
        }
      }
      Self.write(page.commonPrefixes, encoding, &xml)
    }
  }

  func encoding(_ request: S3Request) throws -> ListingEncoding {
    guard let type = request.parameter("encoding-type") else { return ListingEncoding(isURL: false) }
    guard type == "url" else {
      throw S3Error.invalidArgument(
        "Invalid Encoding Method specified in Request", name: "encoding-type", value: type)
    }
    return ListingEncoding(isURL: true)
  }

  /// What all listings have in common.
  private func query(_ request: S3Request) throws -> ObjectStore.ListQuery {
    ObjectStore.ListQuery(
      prefix: ObjectKey(request.parameter("prefix") ?? ""),
      delimiter: Array((request.parameter("delimiter") ?? "").utf8),
      limit: min(try request.integer("max-keys", default: 1000, in: 0...Int(Int32.max)), 1000))
  }

  private func key(fromToken token: String) throws -> ObjectKey {
    guard let bytes = Base64.decode(token), !bytes.isEmpty else {
      throw S3Error.invalidArgument(
        "The continuation token provided is incorrect", name: "continuation-token", value: token)
    }
    return ObjectKey(bytes)
  }

  private static func write(_ object: StoredObject, _ xml: inout XMLWriter) {
    xml.element("ETag", "\"\(object.etag)\"")
    if let checksum = object.checksum {
      xml.element("ChecksumAlgorithm", checksum.algorithm.rawValue)
      xml.element("ChecksumType", checksum.type.rawValue)
    }
    xml.element("Size", object.size)
    xml.element("StorageClass", object.headers.storageClass ?? "STANDARD")
  }

  private static func write(_ prefixes: [ObjectKey], _ encoding: ListingEncoding, _ xml: inout XMLWriter) {
    for prefix in prefixes { xml.element("CommonPrefixes") { $0.element("Prefix", encoding(prefix)) } }
  }
}
