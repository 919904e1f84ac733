extension ObjectStore {
  /// What a write left behind.
  struct Written {
    var version: ObjectVersion
    /// Nil where versioning was never on: S3 then sends no version id.
    var shownVersionID: String?
  }

  /// Notes that a conditional write of `key` has begun; a deletion from now on makes it lose with 409.
  func beginWrite(_ key: ObjectKey, in bucket: String) -> UInt64 {
    self.update { state in
      let id = state.nextPendingWrite
      state.nextPendingWrite += 1
      state.pendingWrites[id] = StoreState.PendingWrite(bucket: bucket, key: key)
      return id
    }
  }

  func endWrite(_ id: UInt64) {
    self.update { $0.pendingWrites[id] = nil }
  }

  /// Makes `object` the current version if the conditions hold.
  func put(
    _ object: StoredObject, at key: ObjectKey, in bucket: String, if conditions: WriteConditions = .none,
    pending: UInt64? = nil
  ) throws -> Written {
    try self.change { state, record in
      try state.checkConflict(pending, key: key)
      try conditions.check(state.bucket(bucket).current(key)?.object, key: key)
      let version = try state.newVersion(.object(object), in: bucket, at: self.now())
      try record([JournalRecord(putting: version, for: key, in: bucket)])
      return state.insert(version, for: key, in: bucket)
    }
  }

  /// What a deletion did.
  struct Deleted {
    /// The version that was removed or the marker that was added; nil where versioning was never on.
    var versionID: String?
    var isDeleteMarker = false
  }

  /// Deletes the current version, or hides it under a delete marker, or removes one version for good.
  func delete(
    _ key: ObjectKey, versionID: String? = nil, in bucket: String, if conditions: DeleteConditions = .none
  ) throws -> Deleted {
    try self.change { state, record in
      let versioning = try state.bucket(bucket).versioning
      let current = state.buckets[bucket]?.current(key)
      try conditions.check(current, key: key)
      if let versionID {
        guard let version = state.buckets[bucket]?.version(key, id: versionID) else {
          return Deleted(versionID: versionID)
        }
        try record([JournalRecord(removing: versionID, of: key, in: bucket)])
        state.buckets[bucket]?.remove(key, versionID: versionID)
        state.noteDeletion(of: key, in: bucket)
        return Deleted(versionID: versionID, isDeleteMarker: version.object == nil)
      }
      if versioning == .unversioned {
        guard current != nil else { return Deleted() }
        try record([JournalRecord(removing: ObjectVersion.nullVersionID, of: key, in: bucket)])
        state.buckets[bucket]?.remove(key, versionID: ObjectVersion.nullVersionID)
        state.noteDeletion(of: key, in: bucket)
        return Deleted()
      }
      let marker = try state.newVersion(.deleteMarker, in: bucket, at: self.now())
      try record([JournalRecord(putting: marker, for: key, in: bucket)])
      _ = state.insert(marker, for: key, in: bucket)
      state.noteDeletion(of: key, in: bucket)
      return Deleted(versionID: marker.versionID, isDeleteMarker: true)
    }
  }

  func setTags(_ tags: [Tag], of key: ObjectKey, versionID: String?, in bucket: String) throws -> ObjectVersion {
    try self.change { state, record in
      let version = try state.find(key, versionID: versionID, in: bucket)
      try record([JournalRecord(tagging: version.versionID, of: key, in: bucket, tags: tags)])
      state.buckets[bucket]?.setTags(tags, of: key, versionID: version.versionID)
      return version
    }
  }

  /// The version that a read means; errors as S3 gives them for what is missing or deleted.
  func find(_ key: ObjectKey, versionID: String?, in bucket: String) throws -> ObjectVersion {
    try self.read { try $0.find(key, versionID: versionID, in: bucket) }
  }
}

/// The conditions of DeleteObject and of one key of DeleteObjects. They look at the current version only.
struct DeleteConditions: Sendable {
  var ifMatch: String?
  /// Whole seconds since 1970.
  var lastModified: Int64?
  var size: Int?

  static let none = DeleteConditions()

  func check(_ current: ObjectVersion?, key: ObjectKey) throws {
    guard self.ifMatch != nil || self.lastModified != nil || self.size != nil else { return }
    guard let current, let object = current.object else { throw S3Error.noSuchKey(key) }
    if let ifMatch, !matches(ifMatch, object.etag) { throw S3Error.preconditionFailed("If-Match") }
    if let lastModified, lastModified != current.lastModified / 1000 {
      throw S3Error.preconditionFailed("x-amz-if-match-last-modified-time")
    }
    if let size, size != object.size { throw S3Error.preconditionFailed("x-amz-if-match-size") }
  }
}

extension StoreState {
  func checkConflict(_ pending: UInt64?, key: ObjectKey) throws {
    if let pending, self.pendingWrites[pending]?.sawDeletion == true { throw S3Error.conditionalRequestConflict(key) }
  }

  func newVersion(_ kind: ObjectVersion.Kind, in bucket: String, at time: Int64) throws -> ObjectVersion {
    let id = try self.bucket(bucket).versioning == .enabled ? randomIdentifier() : ObjectVersion.nullVersionID
    return ObjectVersion(versionID: id, lastModified: time, kind: kind)
  }

  mutating func insert(_ version: ObjectVersion, for key: ObjectKey, in bucket: String) -> ObjectStore.Written {
    self.buckets[bucket]?.insert(version, for: key)
    let isVersioned = self.buckets[bucket]?.versioning != .unversioned
    return ObjectStore.Written(version: version, shownVersionID: isVersioned ? version.versionID : nil)
  }

  func find(_ key: ObjectKey, versionID: String?, in bucket: String) throws -> ObjectVersion {
    let bucket = try self.bucket(bucket)
    if let versionID {
      guard let version = bucket.version(key, id: versionID) else { throw S3Error.noSuchVersion(key, versionID) }
      guard version.object != nil else { throw S3Error.methodNotAllowedOnMarker(version) }
      return version
    }
    guard let newest = bucket.objects[key]?.first else { throw S3Error.noSuchKey(key) }
    guard newest.object != nil else { throw S3Error.noSuchKey(key, hiddenBy: newest) }
    return newest
  }
}

/// 32 letters and digits: a version or upload id, unique and opaque.
func randomIdentifier() -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
  return String(decoding: (0..<32).map { _ in alphabet[Int.random(in: alphabet.indices)] }, as: UTF8.self)
}
