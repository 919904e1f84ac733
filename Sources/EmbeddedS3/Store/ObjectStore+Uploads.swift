extension ObjectStore {
  func createUpload(_ upload: MultipartUpload, in bucket: String) throws {
    try self.change { state, record in
      _ = try state.bucket(bucket)
      try record([JournalRecord(creating: upload, in: bucket)])
      state.buckets[bucket]?.uploads[upload.id] = upload
    }
  }

  func upload(_ id: String, of key: ObjectKey, in bucket: String) throws -> MultipartUpload {
    try self.read { try $0.upload(id, of: key, in: bucket) }
  }

  func putPart(_ part: UploadedPart, of id: String, key: ObjectKey, in bucket: String) throws {
    try self.change { state, record in
      _ = try state.upload(id, of: key, in: bucket)
      try record([JournalRecord(putting: part, of: id, in: bucket)])
      state.buckets[bucket]?.uploads[id]?.parts[part.number] = part
    }
  }

  /// Makes `object` of an upload's parts the current version if the conditions hold. Losing against a deletion makes
  /// the upload void: S3 wants it to be started anew.
  func completeUpload(
    _ id: String, as object: StoredObject, at key: ObjectKey, in bucket: String, if conditions: WriteConditions,
    pending: UInt64?
  ) throws -> Written {
    try self.change { state, record in
      let upload = try state.upload(id, of: key, in: bucket)
      do {
        if upload.isVoid { throw S3Error.conditionalRequestConflict(key) }
        try state.checkConflict(pending, key: key)
      } catch {
        try record([JournalRecord(.voidUpload, bucket: bucket, uploadID: id)])
        state.buckets[bucket]?.uploads[id]?.isVoid = true
        throw error
      }
      try conditions.check(state.bucket(bucket).current(key)?.object, key: key)
      let version = try state.newVersion(.object(object), in: bucket, at: self.now())
      try record([
        JournalRecord(putting: version, for: key, in: bucket),
        JournalRecord(.endUpload, bucket: bucket, uploadID: id),
      ])
      state.buckets[bucket]?.uploads[id] = nil
      return state.insert(version, for: key, in: bucket)
    }
  }

  func abortUpload(_ id: String, of key: ObjectKey, in bucket: String) throws {
    try self.change { state, record in
      _ = try state.upload(id, of: key, in: bucket)
      try record([JournalRecord(.endUpload, bucket: bucket, uploadID: id)])
      state.buckets[bucket]?.uploads[id] = nil
    }
  }

  /// Unfinished uploads by key, then by age.
  func uploads(in bucket: String) throws -> [MultipartUpload] {
    try self.read { state in
      try state.bucket(bucket).uploads.values.sorted {
        ($0.key, $0.initiated, $0.id) < ($1.key, $1.initiated, $1.id)
      }
    }
  }
}

extension StoreState {
  func upload(_ id: String, of key: ObjectKey, in bucket: String) throws -> MultipartUpload {
    guard let upload = try self.bucket(bucket).uploads[id], upload.key == key else { throw S3Error.noSuchUpload(id) }
    return upload
  }
}
