import AWSKit
import HTTPTypes

extension S3Handler {
  func createMultipartUpload(_ call: Call) throws -> S3Reply {
    let algorithm = try call.header("x-amz-checksum-algorithm").map { name in
      guard let algorithm = ChecksumAlgorithm(rawValue: name.uppercased()) else {
        throw S3Error.invalidRequest("Checksum algorithm provided is unsupported.")
      }
      return algorithm
    }
    let type = try call.header("x-amz-checksum-type").map { name in
      guard let type = ChecksumType(rawValue: name.uppercased()), (algorithm ?? .crc64nvme).allows(type) else {
        throw S3Error.invalidRequest("The \(name) checksum type cannot be used with the checksum algorithm.")
      }
      return type
    }
    let upload = MultipartUpload(
      id: randomIdentifier(), key: call.key, initiated: self.store.now(), headers: try ObjectHeaders(call.request),
      tags: try Tag.list(header: call.header("x-amz-tagging")), algorithm: algorithm,
      checksumType: type ?? (algorithm ?? .crc64nvme).defaultType)
    try self.store.createUpload(upload, in: call.bucket)
    var headers: [(name: String, value: String)] = []
    if let algorithm {
      headers = [
        ("x-amz-checksum-algorithm", algorithm.rawValue), ("x-amz-checksum-type", upload.checksumType.rawValue),
      ]
    }
    headers += upload.headers.encryptionHeaders
    return .xml(headers: headers, "InitiateMultipartUploadResult") { xml in
      xml.element("Bucket", call.bucket)
      xml.element("Key", call.key.string)
      xml.element("UploadId", upload.id)
    }
  }

  func uploadPart(_ call: Call) async throws -> S3Reply {
    let (upload, number) = try self.upload(call)
    try ObjectEncryption.check(upload.headers.encryption, call.request)
    let declared = try DeclaredChecksums(call.request)
    if let algorithm = declared.algorithm ?? declared.trailer, let expected = upload.algorithm, algorithm != expected {
      throw S3Error.invalidRequest(
        "Checksum Type mismatch occurred, expected checksum Type: \(expected.rawValue.lowercased()), actual checksum"
          + " Type: \(algorithm.rawValue.lowercased())")
    }
    let received = try await self.receive(call, algorithm: upload.algorithm)
    let part = UploadedPart(
      number: number, content: received.content, etag: received.checksums.etag, lastModified: self.store.now(),
      checksum: upload.algorithm.flatMap { received.checksums.base64[$0] }, crc64: received.checksums.crc64)
    try self.store.putPart(part, of: upload.id, key: call.key, in: call.bucket)
    var headers: [(name: String, value: String)] = [("etag", "\"\(part.etag)\"")]
    if let algorithm = upload.algorithm, let checksum = part.checksum {
      headers.append((algorithm.header, checksum))
    } else if let declared = received.declared {
      headers.append((declared.algorithm.header, declared.value))
    }
    return S3Reply(headers: headers)
  }

  func uploadPartCopy(_ call: Call) throws -> S3Reply {
    let (upload, number) = try self.upload(call)
    try ObjectEncryption.check(upload.headers.encryption, call.request)
    let source = try CopySource(call.request)
    let (version, object) = try source.find(in: self.store)
    var content = object.content
    if let header = call.header("x-amz-copy-source-range") {
      guard let range = ByteRange(header)?.resolve(size: object.size), header.hasSuffix("\(range.upperBound - 1)")
      else {
        throw S3Error.invalidArgument(
          "Range specified is not valid for source object of size: \(object.size)", name: "x-amz-copy-source-range",
          value: header)
      }
      content = content.slice(range)
    }
    let checksums = try content.checksums(upload.algorithm)
    let part = UploadedPart(
      number: number, content: content, etag: checksums.etag, lastModified: self.store.now(),
      checksum: upload.algorithm.flatMap { checksums.base64[$0] }, crc64: checksums.crc64)
    try self.store.putPart(part, of: upload.id, key: call.key, in: call.bucket)
    let isVersioned = try self.store.bucket(source.bucket).versioning != .unversioned
    return .xml(headers: isVersioned ? [("x-amz-copy-source-version-id", version.versionID)] : [], "CopyPartResult") {
      xml in
      xml.element("LastModified", S3Date.listing(part.lastModified))
      xml.element("ETag", "\"\(part.etag)\"")
      if let algorithm = upload.algorithm { xml.element(algorithm.element, part.checksum) }
    }
  }

  private func upload(_ call: Call) throws -> (MultipartUpload, number: Int) {
    guard let number = call.request.parameter("partNumber").flatMap({ Int($0) }), (1...10_000).contains(number) else {
      throw S3Error.invalidArgument(
        "Part number must be an integer between 1 and 10000, inclusive", name: "partNumber",
        value: call.request.parameter("partNumber") ?? "")
    }
    return (try self.upload(of: call), number)
  }

  func upload(of call: Call) throws -> MultipartUpload {
    try self.store.upload(call.request.parameter("uploadId") ?? "", of: call.key, in: call.bucket)
  }

  func abortMultipartUpload(_ call: Call) throws -> S3Reply {
    try self.store.abortUpload(call.request.parameter("uploadId") ?? "", of: call.key, in: call.bucket)
    return S3Reply(.noContent)
  }

  func listParts(_ call: Call) throws -> S3Reply {
    let upload = try self.upload(of: call)
    let marker = try call.request.integer("part-number-marker", default: 0, in: 0...Int(Int32.max))
    let limit = min(try call.request.integer("max-parts", default: 1000, in: 0...Int(Int32.max)), 1000)
    let rest = upload.parts.values.filter { $0.number > marker }.sorted { $0.number < $1.number }
    let page = rest.prefix(limit)
    return .xml("ListPartsResult") { xml in
      xml.element("Bucket", call.bucket)
      xml.element("Key", call.key.string)
      xml.element("UploadId", upload.id)
      Self.writeOwner(&xml, as: "Initiator")
      Self.writeOwner(&xml)
      xml.element("StorageClass", upload.headers.storageClass ?? "STANDARD")
      xml.element("PartNumberMarker", marker)
      xml.element("NextPartNumberMarker", page.last?.number ?? 0)
      xml.element("MaxParts", limit)
      xml.element("IsTruncated", limit > 0 && page.count < rest.count)
      if let algorithm = upload.algorithm {
        xml.element("ChecksumAlgorithm", algorithm.rawValue)
        xml.element("ChecksumType", upload.checksumType.rawValue)
      }
      for part in page {
        xml.element("Part") { xml in
          xml.element("PartNumber", part.number)
          xml.element("LastModified", S3Date.listing(part.lastModified))
          xml.element("ETag", "\"\(part.etag)\"")
          xml.element("Size", part.content.size)
          if let algorithm = upload.algorithm { xml.element(algorithm.element, part.checksum) }
        }
      }
    }
  }

  func listMultipartUploads(_ call: Call) throws -> S3Reply {
    let request = call.request
    let encoding = try self.encoding(request)
    let prefix = ObjectKey(request.parameter("prefix") ?? "")
    let delimiter = Array((request.parameter("delimiter") ?? "").utf8)
    let limit = min(try request.integer("max-uploads", default: 1000, in: 0...Int(Int32.max)), 1000)
    let keyMarker = ObjectKey(request.parameter("key-marker") ?? "")
    let idMarker = request.parameter("upload-id-marker").flatMap { $0.isEmpty ? nil : $0 }
    var uploads = try self.store.uploads(in: call.bucket).filter { $0.key.hasPrefix(prefix) }
    if let idMarker, let index = uploads.firstIndex(where: { $0.id == idMarker && $0.key == keyMarker }) {
      uploads.removeFirst(index + 1)
    } else if !keyMarker.bytes.isEmpty {
      uploads.removeAll { $0.key <= keyMarker }
    }
    var page: [MultipartUpload] = []
    var prefixes: [ObjectKey] = []
    var isTruncated = false
    for upload in uploads {
      let common = upload.key.commonPrefix(after: prefix, delimiter: delimiter)
      if let common, common == prefixes.last || common <= keyMarker { continue }
      guard page.count + prefixes.count < limit else {
        isTruncated = limit > 0
        break
      }
      if let common { prefixes.append(common) } else { page.append(upload) }
    }
    return .xml("ListMultipartUploadsResult") { xml in
      xml.element("Bucket", call.bucket)
      xml.element("KeyMarker", encoding(keyMarker))
      xml.element("UploadIdMarker", idMarker ?? "")
      if isTruncated {
        let last = max(page.last?.key ?? ObjectKey(""), prefixes.last ?? ObjectKey(""))
        xml.element("NextKeyMarker", encoding(last))
        xml.element("NextUploadIdMarker", page.last?.key == last ? page.last?.id : "")
      }
      xml.element("Prefix", encoding(prefix))
      if !delimiter.isEmpty { xml.element("Delimiter", encoding(ObjectKey(delimiter))) }
      if encoding.isURL { xml.element("EncodingType", "url") }
      xml.element("MaxUploads", limit)
      xml.element("IsTruncated", isTruncated)
      for upload in page {
        xml.element("Upload") { xml in
          xml.element("Key", encoding(upload.key))
          xml.element("UploadId", upload.id)
          Self.writeOwner(&xml, as: "Initiator")
          Self.writeOwner(&xml)
          xml.element("StorageClass", upload.headers.storageClass ?? "STANDARD")
          xml.element("Initiated", S3Date.listing(upload.initiated))
          if let algorithm = upload.algorithm {
            xml.element("ChecksumAlgorithm", algorithm.rawValue)
            xml.element("ChecksumType", upload.checksumType.rawValue)
          }
        }
      }
      for prefix in prefixes { xml.element("CommonPrefixes") { $0.element("Prefix", encoding(prefix)) } }
    }
  }
}
