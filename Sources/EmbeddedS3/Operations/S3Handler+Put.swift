import AWSKit
import HTTPTypes

extension S3Handler {
  func putObject(_ call: Call) async throws -> S3Reply {
    let conditions = try self.writeConditions(call.request)
    let headers = try ObjectHeaders(call.request)
    let tags = try Tag.list(header: call.header("x-amz-tagging"))
    _ = try self.store.bucket(call.bucket)
    return try await self.asPendingWrite(call, if: conditions) { pending in
      let received = try await self.receive(call)
      // Without a client's checksum S3 computes its default one.
      let checksum = ObjectChecksum(
        algorithm: received.declared?.algorithm ?? .crc64nvme, type: .fullObject,
        value: received.declared?.value ?? received.checksums.base64[.crc64nvme] ?? "")
      let object = StoredObject(
        content: received.content, etag: headers.etag(received.checksums.etag), headers: headers, checksum: checksum,
        tags: tags)
      let written = try self.store.put(object, at: call.key, in: call.bucket, if: conditions, pending: pending)
      return S3Reply(
        headers: written.headers + headers.encryptionHeaders + [("etag", "\"\(object.etag)\"")] + checksum.headers)
    }
  }

  func deleteObject(_ call: Call) throws -> S3Reply {
    let deleted = try self.store.delete(
      call.key, versionID: call.versionID, in: call.bucket, if: self.deleteConditions(call.request))
    var headers: [(name: String, value: String)] = []
    if let id = deleted.versionID { headers.append(("x-amz-version-id", id)) }
    if deleted.isDeleteMarker { headers.append(("x-amz-delete-marker", "true")) }
    return S3Reply(.noContent, headers: headers)
  }

  private func deleteConditions(_ request: S3Request) throws -> DeleteConditions {
    guard !request.ignoresConditions else { return .none }
    return DeleteConditions(
      ifMatch: request.header("if-match"),
      lastModified: try request.header("x-amz-if-match-last-modified-time").map(Self.seconds),
      size: request.header("x-amz-if-match-size").flatMap { Int($0) })
  }

  /// Up to 1,000 deletions, each with its own conditions and its own outcome.
  func deleteObjects(_ call: Call) async throws -> S3Reply {
    guard
      call.header("content-md5") != nil || call.header("x-amz-trailer") != nil
        || ChecksumAlgorithm.allCases.contains(where: { call.header($0.header) != nil })
    else {
      throw S3Error.invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
    }
    guard let document = try await self.document(call), document.name == "Delete" else { throw S3Error.malformedXML }
    _ = try self.store.bucket(call.bucket)
    let entries = document.all("Object")
    guard (1...1000).contains(entries.count) else { throw S3Error.malformedXML }
    let isQuiet = document.text("Quiet") == "true"
    return try .xml(capacity: entries.count * 128, "DeleteResult") { xml in
      for entry in entries {
        guard let name = entry.text("Key"), !name.isEmpty else { throw S3Error.malformedXML }
        let versionID = entry.text("VersionId")
        do {
          let conditions =
            call.request.ignoresConditions
            ? .none
            : DeleteConditions(
              ifMatch: entry.text("ETag"), lastModified: try entry.text("LastModifiedTime").map(Self.seconds),
              size: entry.text("Size").flatMap { Int($0) })
          let deleted = try self.store.delete(
            ObjectKey(name), versionID: versionID, in: call.bucket, if: conditions)
          guard !isQuiet else { continue }
          xml.element("Deleted") { xml in
            xml.element("Key", name)
            xml.element("VersionId", versionID)
            if deleted.isDeleteMarker {
              xml.element("DeleteMarker", true)
              xml.element("DeleteMarkerVersionId", deleted.versionID)
            }
          }
        } catch let error as S3Error {
          xml.element("Error") { xml in
            xml.element("Key", name)
            xml.element("VersionId", versionID)
            xml.element("Code", error.code)
            xml.element("Message", error.message)
          }
        }
      }
    }
  }

  /// Whole seconds of a condition's time, an HTTP or ISO 8601 date.
  static func seconds(_ text: String) throws -> Int64 {
    guard let time = AWSTimestamp(httpDate: text) ?? AWSTimestamp(iso8601: text) else {
      throw S3Error.invalidArgument("The time is not valid.", name: "LastModifiedTime", value: text)
    }
    return time.seconds
  }
}

extension ObjectStore.Written {
  var headers: [(name: String, value: String)] {
    self.shownVersionID.map { [("x-amz-version-id", $0)] } ?? []
  }
}

extension ObjectChecksum {
  var headers: [(name: String, value: String)] {
    [(self.algorithm.header, self.value), ("x-amz-checksum-type", self.type.rawValue)]
  }

  func write(_ xml: inout XMLWriter) {
    xml.element(self.algorithm.element, self.value)
    xml.element("ChecksumType", self.type.rawValue)
  }
}
