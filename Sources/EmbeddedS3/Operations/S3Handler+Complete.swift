import AWSKit
import Checksums
import Digests
import HTTPTypes

extension S3Handler {
  /// The smallest part that is not the last.
  private static let minimumPartSize = 5 << 20

  func completeMultipartUpload(_ call: Call) async throws -> S3Reply {
    let conditions = try self.writeConditions(call.request)
    return try await self.asPendingWrite(call, if: conditions) { pending in
      let document = try await self.document(call)
      let upload = try self.upload(of: call)
      guard let document, document.name == "CompleteMultipartUpload" else { throw S3Error.malformedXML }
      let parts = try self.parts(document.all("Part"), of: upload)
      let object = try self.object(of: upload, parts: parts, call.request)
      let written = try self.store.completeUpload(
        upload.id, as: object, at: call.key, in: call.bucket, if: conditions, pending: pending)
      return .xml(headers: written.headers + upload.headers.encryptionHeaders, "CompleteMultipartUploadResult") { xml in
        xml.element("Location", "http://\(call.header("host") ?? "localhost")\(call.request.path)")
        xml.element("Bucket", call.bucket)
        xml.element("Key", call.key.string)
        xml.element("ETag", "\"\(object.etag)\"")
        object.checksum?.write(&xml)
      }
    }
  }

  /// The named parts, all there, in ascending order, large enough, and what the client says they are.
  private func parts(_ named: [XMLNode], of upload: MultipartUpload) throws -> [UploadedPart] {
    guard !named.isEmpty else { throw S3Error.malformedXML }
    var parts: [UploadedPart] = []
    for node in named {
      guard let number = node.text("PartNumber").flatMap({ Int($0) }), let etag = node.text("ETag") else {
        throw S3Error.malformedXML
      }
      if let last = parts.last, last.number >= number {
        throw S3Error(
          .badRequest, "InvalidPartOrder",
          "The list of parts was not in ascending order. Parts must be ordered by part number.",
          [("UploadId", upload.id)])
      }
      guard let part = upload.parts[number], matches(etag, part.etag),
        Self.checksumMatches(node, part, upload)
      else {
        throw S3Error(
          .badRequest, "InvalidPart",
          "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified"
            + " entity tag may not match the part's entity tag.",
          [("UploadId", upload.id), ("PartNumber", String(number)), ("ETag", etag)])
      }
      parts.append(part)
    }
    for part in parts.dropLast() where part.content.size < Self.minimumPartSize {
      throw S3Error(
        .badRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
        [
          ("ProposedSize", String(part.content.size)), ("MinSizeAllowed", String(Self.minimumPartSize)),
          ("PartNumber", String(part.number)), ("ETag", part.etag),
        ])
    }
    return parts
  }

  private static func checksumMatches(_ node: XMLNode, _ part: UploadedPart, _ upload: MultipartUpload) -> Bool {
    guard let algorithm = upload.algorithm else { return true }
    // S3 wants those of the parts where the object's is made of them.
    guard let claimed = node.text(algorithm.element) else { return upload.checksumType == .fullObject }
    return claimed == part.checksum
  }

  private func object(
    of upload: MultipartUpload, parts: [UploadedPart], _ request: S3Request
  ) throws -> StoredObject {
    let content = Content(joining: parts.map(\.content))
    if let size = request.header("x-amz-mp-object-size"), Int(size) != content.size {
      throw S3Error.invalidRequest(
        "The provided 'x-amz-mp-object-size' header value \(size) does not match what was computed: \(content.size)")
    }
    let digests = parts.flatMap { Hex.decode($0.etag) ?? [] }
    let checksum = try self.checksum(of: upload, parts: parts, content)
    if let claimed = request.header(checksum.algorithm.header),
      claimed != checksum.value, claimed != checksum.value.split(separator: "-").first.map(String.init)
    {
      throw S3Error(
        .badRequest, "BadDigest",
        "The \(checksum.algorithm.rawValue) you specified did not match the calculated checksum.")
    }
    if let type = request.header("x-amz-checksum-type"), type.uppercased() != checksum.type.rawValue {
      throw S3Error.invalidRequest("The upload was created using the \(checksum.type.rawValue) checksum mode.")
    }
    return StoredObject(
      content: content, etag: upload.headers.etag("\(Hex.encode(MD5Digest.digest(digests)))-\(parts.count)"),
      headers: upload.headers,
      checksum: checksum,
      parts: parts.map { PartSummary(number: $0.number, size: $0.content.size, checksum: $0.checksum) },
      tags: upload.tags)
  }

  private func checksum(
    of upload: MultipartUpload, parts: [UploadedPart], _ content: Content
  ) throws -> ObjectChecksum {
    let algorithm = upload.algorithm ?? .crc64nvme
    switch upload.checksumType {
    case .composite:
      let bytes = parts.flatMap { Base64.decode($0.checksum ?? "") ?? [] }
      let value = "\(Base64.encode(algorithm.checksum(of: bytes)))-\(parts.count)"
      return ObjectChecksum(algorithm: algorithm, type: .composite, value: value)
    case .fullObject where algorithm == .crc64nvme:
      let value = parts.dropFirst().reduce(parts.first?.crc64 ?? 0) { crc, part in
        CRC64NVME.combine(crc, part.crc64, lengthOfB: UInt64(part.content.size))
      }
      return ObjectChecksum(algorithm: algorithm, type: .fullObject, value: value.awsBase64)
    case .fullObject:
      let value = try content.checksums(algorithm).base64[algorithm] ?? ""
      return ObjectChecksum(algorithm: algorithm, type: .fullObject, value: value)
    }
  }
}
