/// What the store knows, behind the store's lock.
struct StoreState: Sendable {
  var buckets: [String: Bucket] = [:]
  /// Conditional writes under way. A deletion of their key makes them lose with 409, as on S3.
  var pendingWrites: [UInt64: PendingWrite] = [:]
  var nextPendingWrite: UInt64 = 1

  struct PendingWrite: Sendable {
    var bucket: String
    var key: ObjectKey
    var sawDeletion = false
  }

  func bucket(_ name: String) throws -> Bucket {
    guard let bucket = self.buckets[name] else { throw S3Error.noSuchBucket(name) }
    return bucket
  }

  mutating func noteDeletion(of key: ObjectKey, in bucket: String) {
    for (id, write) in self.pendingWrites where write.key == key && write.bucket == bucket {
      self.pendingWrites[id]?.sawDeletion = true
    }
  }
}

extension StoreState {
  /// Repeats a journaled change. Records come from a data folder, so every content lies in a file.
  mutating func replay(_ record: JournalRecord, open: (JournalRecord.SegmentRecord) -> Content.Segment) {
    let key = ObjectKey(record.key ?? "")
    let time = record.time ?? 0
    let id = record.versionID ?? ObjectVersion.nullVersionID
    switch record.kind {
    case .createBucket:
      self.buckets[record.bucket] = Bucket(name: record.bucket, region: record.region ?? "", created: time)
    case .deleteBucket:
      self.buckets[record.bucket] = nil
    case .setVersioning:
      self.buckets[record.bucket]?.versioning = record.versioning ?? .unversioned
    case .put:
      guard let object = record.object else { return }
      let stored = StoredObject(
        content: Content(segments: object.segments.map(open)), etag: object.etag, headers: object.headers,
        checksum: object.checksum, parts: object.parts, tags: object.tags)
      self.buckets[record.bucket]?.insert(
        ObjectVersion(versionID: id, lastModified: time, kind: .object(stored)), for: key)
    case .deleteMarker:
      self.buckets[record.bucket]?.insert(
        ObjectVersion(versionID: id, lastModified: time, kind: .deleteMarker), for: key)
    case .remove:
      self.buckets[record.bucket]?.remove(key, versionID: id)
    case .setTags:
      self.buckets[record.bucket]?.setTags(record.tags ?? [], of: key, versionID: id)
    case .createUpload:
      guard let upload = record.upload else { return }
      self.buckets[record.bucket]?.uploads[upload.id] = MultipartUpload(
        id: upload.id, key: key, initiated: time, headers: upload.headers, tags: upload.tags,
        algorithm: upload.algorithm, checksumType: upload.checksumType)
    case .putPart:
      guard let part = record.part else { return }
      self.buckets[record.bucket]?.uploads[id]?.parts[part.number] = UploadedPart(
        number: part.number, content: Content(segments: part.segments.map(open)), etag: part.etag,
        lastModified: time, checksum: part.checksum, crc64: part.crc64)
    case .voidUpload:
      self.buckets[record.bucket]?.uploads[id]?.isVoid = true
    case .endUpload:
      self.buckets[record.bucket]?.uploads[id] = nil
    }
  }

  /// The shortest journal that leads to this state.
  var records: [JournalRecord] {
    var records: [JournalRecord] = []
    for bucket in self.buckets.values {
      records.append(JournalRecord(creating: bucket))
      if bucket.versioning != .unversioned { records.append(JournalRecord(versioningOf: bucket)) }
      bucket.objects.scan(from: ObjectKey("")) { key, versions in
        for version in versions.reversed() {
          records.append(JournalRecord(putting: version, for: key, in: bucket.name))
        }
        return .next
      }
      for upload in bucket.uploads.values {
        records.append(JournalRecord(creating: upload, in: bucket.name))
        for part in upload.parts.values {
          records.append(JournalRecord(putting: part, of: upload.id, in: bucket.name))
        }
        if upload.isVoid { records.append(JournalRecord(.voidUpload, bucket: bucket.name, uploadID: upload.id)) }
      }
    }
    return records
  }
}

extension Bucket {
  mutating func setTags(_ tags: [Tag], of key: ObjectKey, versionID: String) {
    guard var versions = self.objects[key], let index = versions.firstIndex(where: { $0.versionID == versionID }),
      var object = versions[index].object
    else { return }
    object.tags = tags
    versions[index].kind = .object(object)
    self.objects[key] = versions
  }
}
