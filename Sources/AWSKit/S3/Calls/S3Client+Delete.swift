internal import Checksums
internal import NIOCore
internal import NIOHTTP1

extension S3Client {
  /// Succeeds, without a condition, also when there is no such object.
  /// - Parameter ifMatch: delete only this ETag. AWS: 412 when it is another one, 404 when the object is gone; some
  ///   servers ignore it.
  @discardableResult
  public func deleteObject(
    bucket: String, key: String, versionID: String? = nil, ifMatch: String? = nil, retry: S3Retry? = nil
  ) async throws -> S3DeleteResult {
    var call = S3Call(operation: "DeleteObject", method: .DELETE, bucket: bucket, key: key, isWrite: true)
    call.addQuery("versionId", versionID)
    call.addCondition(ifMatch.map { .ifMatch($0) }, configuration.etagQuoting)
    call.retry = retry ?? (ifMatch == nil ? .idempotent : .unprocessedOnly)
    return try await perform(call) { reply in
      _ = try await reply.collect()
      return S3DeleteResult(
        versionID: reply.headers.first(name: "x-amz-version-id").flatMap { $0 == "null" ? nil : $0 },
        isDeleteMarker: reply.headers.first(name: "x-amz-delete-marker") == "true")
    }
  }

  /// - Parameter objects: 1 to 1,000.
  public func deleteObjects(
    bucket: String, objects: [S3ObjectToDelete], retry: S3Retry? = nil
  ) async throws -> S3DeletionResult {
    var call = S3Call(operation: "DeleteObjects", method: .POST, bucket: bucket, isWrite: true)
    guard (1...1_000).contains(objects.count) else {
      throw S3Error(
        .invalidArgument, message: "DeleteObjects takes 1 to 1,000 keys, not \(objects.count)",
        operation: call.description)
    }
    call.addQuery("delete", "")
    let document = objects.map { object in
      let version = object.versionID.map { "<VersionId>\(XMLText.escape($0))</VersionId>" } ?? ""
      let etag = object.etag.map { "<ETag>\(XMLText.escape(configuration.etagQuoting.header($0)))</ETag>" } ?? ""
      return "<Object><Key>\(XMLText.escape(object.key))</Key>\(version)\(etag)</Object>"
    }
    let body = S3Body.bytes(
      ByteBuffer(string: "<Delete xmlns=\"\(XMLText.s3Namespace)\">\(document.joined())<Quiet>false</Quiet></Delete>"))
    call.setBody(body, checksums: configuration.checksums == .whenSupported ? .whenSupported : .contentMD5)
    call.addHeader("Content-Type", "application/xml")
    call.retry = retry ?? (objects.allSatisfy { $0.etag == nil } ? .idempotent : .unprocessedOnly)
    let operation = call.operation
    return try await perform(call) { reply in
      let node = try await reply.xml()
      return S3DeletionResult(
        deleted: node.all("Deleted").compactMap { $0.text("Key") },
        failures: node.all("Error").map { entry in
          let key = entry.text("Key") ?? ""
          let body = S3ErrorBody(entry)
          return S3DeletionResult.Failure(
            key: key,
            error: refusal(
              S3Error(
                status: 200, body: body, requestID: reply.headers.first(name: "x-amz-request-id"),
                operation: "\(operation) s3://\(bucket)/\(S3Call.printable(key))", hasKey: true, isWrite: true),
              bucket: bucket, key: key))
        })
    }
  }

  /// Of one key.
  private func refusal(_ error: S3Error, bucket: String, key: String) -> S3Error {
    var error = error
    let partition = configuration.endpoint.partition(region: region(of: bucket))
    error.deny([AWSPermission("s3:DeleteObject", on: S3Call.resource(of: bucket, key: key, partition))])
    return error
  }
}
