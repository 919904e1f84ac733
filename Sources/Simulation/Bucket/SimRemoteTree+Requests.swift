package import SyncEngine
package import SyncModel

// MARK: - Reading

extension SimRemoteTree {
  package func list(
    _ directory: RelativePath, after start: RelativePath?, continuation: String?, limit: Int?
  ) async throws -> RemotePage {
    let (server, weather, ledger, node) = (server, weather, ledger, life.node)
    let limit = min(limit ?? 1000, pageSize)
    return try await request("list", directory, isWrite: false) { [self] in
      if showsNothing(atFirstPageOfAll: directory.isRoot && start == nil && continuation == nil) {
        ledger.count("fault empty listing")
        return RemotePage(entries: [])
      }
      let page = server.page(prefix: directory.asDirectoryPrefix, after: continuation ?? start?.string, limit: limit)
      let isOrdered = !weather.has(.disorder, at: node)
      var entries = page.keys.compactMap { key -> RemoteListing? in
        guard case .success(let path) = KeyMapping(prefix: "").path(ofKey: key) else {
          ledger.count("remote key that is no path")
          return nil
        }
        var stamp = server.objects[key]!.stamp
        stamp.versionID = nil
        ledger.saw(path, etag: stamp.etag, node: node)
        return RemoteListing(path: path, stamp: stamp)
      }
      if !isOrdered {
        ledger.count("fault disorder")
        entries.reverse()
        entries += entries.prefix(1)
      }
      return RemotePage(entries: entries, continuation: page.isLast ? nil : page.keys.last, isOrdered: isOrdered)
    }
  }

  package func head(_ path: RelativePath) async throws -> RemoteHead? {
    let (server, ledger, node) = (server, ledger, life.node)
    return try await request("head", path, isWrite: false) {
      server.objects[path.string].map {
        ledger.saw(path, etag: $0.etag, node: node)
        return RemoteHead(object: $0.asRemote, serverTime: server.now)
      }
    }
  }

  package func proveAbsent(_ path: RelativePath) async throws -> Bool {
    let server = server
    return try await request("proveAbsent", path, isWrite: false) { [self] in
      if showsNothing(atFirstPageOfAll: false) { return true }
      return path.isDirectory
        ? server.page(prefix: path.asDirectoryPrefix, after: nil, limit: 1).keys.isEmpty
        : server.objects[path.string] == nil
    }
  }

  package func read(_ path: RelativePath, version stamp: RemoteStamp) async throws -> RemoteContent {
    let server = server
    return try await request("read", path, isWrite: false, hasBody: true) {
      let object = try server.reading(path, stamp)
      return RemoteContent(
        object: object.asRemote, bytes: object.content, fingerprint: SimContent.fingerprint(object.content))
    }
  }

  package func download(
    _ path: RelativePath, version stamp: RemoteStamp, into sink: any ContentSink,
    progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> DownloadedObject {
    let server = server
    var content: [UInt8] = []
    var object: RemoteObject?
    repeat {
      let offset = content.count
      let end = min(offset + Int(partSize), Int(stamp.size))
      let range = try await request("download", path, isWrite: false, hasBody: true) {
        let found = try server.reading(path, stamp)
        return (found.asRemote, Array(found.content[offset..<end]))
      }
      try range.1.withUnsafeBytes { try sink.write($0, at: Int64(offset)) }
      progress(Int64(range.1.count))
      content += range.1
      object = range.0
    } while content.count < Int(stamp.size)
    return DownloadedObject(object: object!, fingerprint: SimContent.fingerprint(content))
  }

  package func holds(_ path: RelativePath, _ object: RemoteObject, _ fingerprint: Fingerprint) async throws -> Bool {
    let server = server
    return try await request("holds", path, isWrite: false, hasBody: true) {
      SimContent.fingerprint(try server.version(path, object.stamp).content) == fingerprint
    }
  }

  package func content(
    _ path: RelativePath, _ object: RemoteObject, of parts: [PartReceipt]
  ) async throws -> Fingerprint? {
    let server = server
    return try await request("content", path, isWrite: false, hasBody: true) {
      let content = try server.version(path, object.stamp).content
      var rest = content[...]
      for part in parts {
        guard SimContent.hash(rest.prefix(Int(part.size))) == part.crc64 else { return nil }
        rest = rest.dropFirst(Int(part.size))
      }
      return rest.isEmpty ? SimContent.fingerprint(content) : nil
    }
  }

  package func equals(_ path: RelativePath, _ object: RemoteObject, _ source: any ContentSource) async throws -> Bool {
    guard source.size == object.stamp.size else { return false }
    let bytes = try await source.read(at: 0, count: Int(source.size))
    return try await holds(path, object, SimContent.fingerprint(bytes))
  }
}

// MARK: - Writing

extension SimRemoteTree {
  package func put(
    _ path: RelativePath, _ content: SmallContent, metadata: EntryMetadata, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let (server, ledger, node) = (server, ledger, life.node)
    let object = try await request(
      "put", path, isWrite: true, isConditional: true, hasBody: true, looksFirst: (path, expected)
    ) {
      let old = server.objects[path.string]
      let object = try server.put(path.string, content.bytes, metadata: metadata, ifMatch: expected?.etag)
      ledger.commits(object, to: path, over: old, node: node)
      ledger.wrote("put \(path)", node: node)
      return object
    }
    return stampAfterCommit(object)
  }

  package func beginUpload(_ path: RelativePath, metadata: EntryMetadata, size: Int64) async throws -> MultipartUpload {
    let (server, ledger, node) = (server, ledger, life.node)
    let id = try await request("beginUpload", path, isWrite: true) {
      let id = server.beginUpload(path.string, metadata: metadata)
      ledger.note("\(node) began \(id) of \(path)")
      return id
    }
    return MultipartUpload(path: path.string, uploadID: id, size: size, partSize: partSize)
  }

  package func uploadPart(
    _ part: Int, of upload: MultipartUpload, from source: any ContentSource, known: PartReceipt?
  ) async throws -> PartReceipt {
    let offset = Int64(part - 1) * upload.partSize
    let bytes = try await source.read(at: offset, count: Int(min(upload.partSize, upload.size - offset)))
    let crc64 = SimContent.hash(bytes)
    if let known, known.crc64 == crc64, known.size == Int64(bytes.count) {
      ledger.count("remote part resumed")
      return known
    }
    let server = server
    let etag = try await request("uploadPart", RelativePath(unchecked: upload.path), isWrite: true, hasBody: true) {
      try server.putPart(part, of: upload.uploadID, bytes)
    }
    return PartReceipt(number: part, etag: etag, crc64: crc64, size: Int64(bytes.count))
  }

  package func completeUpload(
    _ upload: MultipartUpload, parts: [PartReceipt], replacing expected: RemoteStamp?
  ) async throws -> CompletedUpload {
    let (server, ledger, node) = (server, ledger, life.node)
    let path = RelativePath(unchecked: upload.path)
    let object = try await request(
      "completeUpload", path, isWrite: true, isConditional: true, looksFirst: (path, expected)
    ) {
      let old = server.objects[path.string]
      let object = try server.completeUpload(
        upload.uploadID, parts: parts.map { ($0.number, $0.etag) }, ifMatch: expected?.etag)
      ledger.commits(object, to: path, over: old, node: node)
      ledger.wrote("complete \(path)", node: node)
      return object
    }
    ledger.count("remote upload completed")
    return CompletedUpload(stamp: stampAfterCommit(object), fingerprint: SimContent.fingerprint(object.content))
  }

  package func abortUpload(_ upload: MultipartUpload) async throws {
    let server = server
    let (ledger, node) = (ledger, life.node)
    try await request("abortUpload", RelativePath(unchecked: upload.path), isWrite: true) {
      ledger.note("\(node) aborts \(upload.uploadID)")
      server.abortUpload(upload.uploadID)
    }
  }

  package func unfinishedUploads() async throws -> [UnfinishedUpload] {
    let (server, partSize) = (server, partSize)
    return try await request("unfinishedUploads", .root, isWrite: false) {
      server.unfinishedUploads().map { id, upload in
        UnfinishedUpload(
          MultipartUpload(path: upload.key, uploadID: id, size: 0, partSize: partSize), begun: upload.begun)
      }
    }
  }

  package func replaceMetadata(
    _ path: RelativePath, of expected: RemoteStamp, with metadata: EntryMetadata
  ) async throws -> RemoteStamp {
    let (server, ledger, node) = (server, ledger, life.node)
    let object = try await request("replaceMetadata", path, isWrite: true, isConditional: true) {
      let current = try server.version(path, expected)
      let etag = server.etagIgnoresMetadata ? current.etag : nil
      let object = try server.put(
        path.string, current.content, metadata: metadata, ifMatch: current.etag, etag: etag)
      ledger.commits(object, to: path, over: current, isMetadata: true, node: node)
      ledger.wrote("metadata of object \(path)", node: node)
      return object
    }
    return stampAfterCommit(object)
  }

  package func copy(
    _ path: RelativePath, version source: RemoteStamp, to target: RelativePath, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let (server, ledger, node) = (server, ledger, life.node)
    let object = try await request("copy", path, isWrite: true, isConditional: true, looksFirst: (target, expected)) {
      let current = try server.version(path, source)
      let old = server.objects[target.string]
      let object = try server.put(
        target.string, current.content, metadata: current.metadata, ifMatch: expected?.etag)
      ledger.commits(object, to: target, over: old, node: node)
      ledger.wrote("copy object \(path) to \(target)", node: node)
      return object
    }
    return stampAfterCommit(object)
  }

  package func delete(_ path: RelativePath, expecting expected: RemoteStamp) async throws {
    let (server, ledger, node) = (server, ledger, life.node)
    try await request("delete", path, isWrite: true, isConditional: true, looksFirst: (path, expected)) {
      let content = server.objects[path.string]?.content
      try server.delete(path.string, ifMatch: expected.etag)
      if let content { ledger.removedRemotely(path, content: content, node: node) }
      ledger.wrote("delete object \(path)", node: node)
    }
  }
}

extension EffectLedger {
  /// A write of `node` took effect; its reply tells it the version.
  fileprivate func commits(
    _ object: SimObject, to path: RelativePath, over old: SimObject?, isMetadata: Bool = false, node: String
  ) {
    saw(path, etag: object.etag, node: node)
    guard let old else { return }
    replacedRemotely(path, old, by: object.content, isMetadata: isMetadata, node: node)
  }
}

extension SimObject {
  var asRemote: RemoteObject {
    RemoteObject(stamp: stamp, metadata: metadata, crc64: SimContent.hash(content))
  }
}

extension SimS3 {
  /// As a read of an old version finds it; else as a condition on the ETag.
  func reading(_ path: RelativePath, _ stamp: RemoteStamp) throws -> SimObject {
    try version(stamp) ?? version(path, stamp)
  }

  func version(_ path: RelativePath, _ stamp: RemoteStamp) throws -> SimObject {
    guard let object = objects[path.string] else { throw SimRefusal.notFound }
    guard object.etag == stamp.etag else { throw SimRefusal.conditionFailed }
    return object
  }
}
