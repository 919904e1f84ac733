package import AWSKit
internal import Checksums
internal import Digests
package import Logging
internal import NIOCore
internal import SyncEngine
package import SyncModel

/// Finds out which conditions a server keeps to, by trying each call on scratch objects below
/// `PREFIX/.martlet/probe/`, which it removes.
package struct CapabilityProbe: Sendable {
  let client: S3Client
  let bucket: String
  /// Of all probes below the prefix.
  let folder: String
  /// Of this one: what to remove should it be killed.
  package private(set) var scratch: String
  /// What the bucket may ask of every write.
  let protection: [ObjectSettings.Field]
  let logger: Logger

  package init(
    client: S3Client, location: S3Location, settings: ObjectSettings = ObjectSettings(), logger: Logger
  ) {
    var client = client
    client.configuration.etagQuoting = .quoted
    self.client = client
    protection = settings.protection
    self.logger = logger
    bucket = location.bucket
    folder = "\(location.prefix)\(ReservedNames.state)/probe/"
    scratch = folder + String(UInt64.random(in: .min ... .max), radix: 16) + "/"
  }

  /// Sends about fifty small requests, or a hundred where something lacks.
  ///
  /// - Throws: `RemoteFailure`: `.permission` where nothing may be written below the prefix, and whatever
  ///   keeps the server from answering. It never takes a failure of another kind for a missing capability.
  package func run() async throws -> ServerCapabilities {
    try await removeForgotten()
    do {
      let capabilities = try await agreed()
      await removeScratch(scratch)
      logger.info(
        "probed the server",
        metadata: ["safety": "\(capabilities.safetyLevel.name)", "capabilities": "\(capabilities)"])
      return capabilities
    } catch {
      await removeScratch(scratch)
      throw error
    }
  }

  /// What seems to lack may be a bad network's doing: it lacks when two rounds in a row say so.
  private func agreed() async throws -> ServerCapabilities {
    var last: ServerCapabilities?
    for round in 1...6 {
      var probe = self
      // Some objects must not exist yet.
      probe.scratch += "\(round)/"
      let found = try await probe.probe()
      if found == .full || found == last { return found }
      last = found
    }
    throw RemoteFailure(
      .server, "\(location(scratch)): the server answers differently each time; check the network in between")
  }

  private func probe() async throws -> ServerCapabilities {
    var found = ServerCapabilities()
    try await probePut(&found)
    // What comes next needs the right quoting; the rest is independent of each other.
    let ready = found
    async let complete = probeComplete(ready)
    async let copy = probeCopy(ready)
    async let delete = probeDelete(ready)
    async let deleteObjects = probeDeleteObjects(ready)
    async let markers = probeMarkers(ready)
    async let get = honours(ready, "get") { client, key, etag in
      try await client.getObject(bucket: bucket, key: key, condition: .ifMatch(etag)) { _ in }
    }
    (found.multipartChecksums, found.completeIfAbsent, found.completeIfMatch) = try await complete
    (found.copySourceIfMatch, found.copyIfAbsent, found.copyIfMatch) = try await copy
    found.deleteIfMatch = try await delete
    found.deleteObjectsIfMatch = try await deleteObjects
    found.markers = try await markers
    found.getIfMatch = try await get
    return found
  }

  // MARK: Calls

  private func probePut(_ found: inout ServerCapabilities) async throws {
    let key = scratch + "put"
    var client = client
    var first = try await put(client, key, "1")
    if case .refused = first {
      found.checksums = false
      client = found.configured(client)
      first = try await put(client, key, "1")
    }
    guard case .accepted(let created) = first else {
      throw RemoteFailure(
        .notPossible,
        "\(location(key)): the server refuses even a small object"
          + (protection.isEmpty && client.configuration.customerKey == nil
            ? "" : "; check the options for encryption (--sse…) and access (--acl, --grants)"))
    }
    found.etagIsMD5 = created.etag == Hex.encode(MD5Digest.digest(Array("1".utf8)))
    found.putIfAbsent = try await isFailedCondition { _ = try await replace(client, key, "2", .ifAbsent) }
    if found.putIfAbsent {
      found.putIfAbsent = try await isAccepted { _ = try await replace(client, scratch + "new", "1", .ifAbsent) }
    }
    for quotes in [true, false] {
      var attempt = found
      attempt.quotesETags = quotes
      found.putIfMatch = try await honours(attempt, "put") { client, key, etag in
        _ = try await replace(client, key, "3", .ifMatch(etag))
      }
      if found.putIfMatch {
        found.quotesETags = quotes
        return
      }
    }
  }

  private func probeComplete(_ found: ServerCapabilities) async throws -> (checksums: Bool, absent: Bool, match: Bool) {
    var configured = found
    if found.checksums {
      let client = found.configured(client)
      configured.checksums = try await isAccepted { try await upload(client, scratch + "sums", nil) }
    }
    let client = configured.configured(client)
    let key = scratch + "complete"
    var absent = try await isAccepted { try await upload(client, key, .ifAbsent) }
    if absent { absent = try await isFailedCondition { try await upload(client, key, .ifAbsent) } }
    let match = try await honours(configured, "completed") { client, key, etag in
      try await upload(client, key, .ifMatch(etag))
    }
    return (configured.checksums, absent, match)
  }

  private func probeCopy(_ found: ServerCapabilities) async throws -> (source: Bool, absent: Bool, match: Bool) {
    let source = scratch + "source"
    let client = found.configured(client)
    _ = try await existing(client, source)
    let sourceMatch = try await honours(found, "source") { client, key, etag in
      let from = S3CopySource(bucket: bucket, key: key, ifMatch: etag)
      _ = try await client.copyObject(
        from: from, bucket: bucket, key: scratch + "copy", additionalHeaders: protection, retry: .unprocessedOnly)
    }
    let partSourceMatch = try await honours(found, "part-source") { client, key, etag in
      try await copyPart(client, key, etag)
    }
    let from = S3CopySource(bucket: bucket, key: source)
    func copy(_ client: S3Client, _ key: String, _ condition: S3Condition) async throws {
      _ = try await client.copyObject(
        from: from, bucket: bucket, key: key, additionalHeaders: protection, condition: condition,
        retry: .unprocessedOnly)
    }
    var absent = try await isAccepted { try await copy(client, scratch + "copied", .ifAbsent) }
    if absent { absent = try await isFailedCondition { try await copy(client, scratch + "copied", .ifAbsent) } }
    let match = try await honours(found, "target") { client, key, etag in
      try await copy(client, key, .ifMatch(etag))
    }
    return (sourceMatch && partSourceMatch, absent, match)
  }

  private func probeDelete(_ found: ServerCapabilities) async throws -> Bool {
    try await honours(found, "delete", removes: true) { client, key, etag in
      _ = try await client.deleteObject(bucket: bucket, key: key, ifMatch: etag, retry: .unprocessedOnly)
    }
  }

  private func probeDeleteObjects(_ found: ServerCapabilities) async throws -> Bool {
    try await honours(found, "delete-objects", removes: true) { client, key, etag in
      let result = try await client.deleteObjects(
        bucket: bucket, objects: [S3ObjectToDelete(key: key, etag: etag)], retry: .unprocessedOnly)
      if let failure = result.failures.first { throw failure.error }
    }
  }

  private func probeMarkers(_ found: ServerCapabilities) async throws -> Bool {
    let client = found.configured(client)
    let marker = scratch + "folder/"
    guard try await isAccepted({ _ = try await replace(client, marker, "", nil) }) else { return false }
    return try await performing(marker) {
      let page = try await client.listObjectsV2(bucket: bucket, prefix: String(marker.dropLast()))
      return page.objects.map(\.key) == [marker]
    }
  }

  // MARK: Verdicts

  /// Whether a call fails with a wrong ETag, having done nothing, and works with the right one.
  private func honours(
    _ found: ServerCapabilities, _ name: String, removes: Bool = false,
    _ call: (S3Client, String, String) async throws -> Void
  ) async throws -> Bool {
    let client = found.configured(client)
    let key = scratch + name
    let etag = try await existing(client, key)
    let wrong = String(repeating: "0", count: 32)
    guard try await isFailedCondition({ try await call(client, key, wrong) }) else { return false }
    // It might have failed and yet have taken place.
    guard try await currentETag(client, key) == etag else { return false }
    guard try await isAccepted({ try await call(client, key, etag) }) else { return false }
    guard removes else { return true }
    return try await currentETag(client, key) == nil
  }

  private func isFailedCondition(_ call: () async throws -> Void) async throws -> Bool {
    try await verdict(call) == .conditionFailed
  }

  private func isAccepted(_ call: () async throws -> Void) async throws -> Bool {
    try await verdict(call) == .accepted
  }

  private enum Verdict {
    case accepted, conditionFailed
    /// The server does not know the call or its header, or does not allow it.
    case refused
  }

  private func verdict(_ call: () async throws -> Void) async throws -> Verdict {
    let refusals: Set<S3Error.Kind> = [
      .notImplemented, .rejected, .badDigest, .accessDenied, .noSuchKey, .noSuchUpload, .invalidRange, .malformedReply,
    ]
    var stumbles = 0
    while true {
      do {
        try await call()
        return .accepted
      } catch let error as S3Error {
        if error.kind == .preconditionFailed || error.kind == .conditionalRequestConflict { return .conditionFailed }
        if refusals.contains(error.kind) { return .refused }
        guard error.status == 500 else { throw RemoteFailure(error, of: .prepare, bucket: bucket, key: scratch) }
        // A server that does not know a header may stumble over it, each time.
        stumbles += 1
        if stumbles == 3 { return .refused }
      }
    }
  }
}
