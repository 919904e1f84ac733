extension ObjectStore {
  /// Creates a bucket. In us-east-1 creating one's own bucket again succeeds, elsewhere it is an error, as on S3.
  func createBucket(_ name: String, region: String) throws {
    try self.change { state, record in
      if state.buckets[name] != nil {
        guard region == "us-east-1" else { throw S3Error.bucketAlreadyOwnedByYou(name) }
        return
      }
      let bucket = Bucket(name: name, region: region, created: self.now())
      try record([JournalRecord(creating: bucket)])
      state.buckets[name] = bucket
    }
  }

  func deleteBucket(_ name: String) throws {
    try self.change { state, record in
      guard try state.bucket(name).objects.isEmpty else { throw S3Error.bucketNotEmpty(name) }
      try record([JournalRecord(.deleteBucket, bucket: name)])
      state.buckets[name] = nil
    }
  }

  func setVersioning(_ versioning: Bucket.Versioning, of name: String) throws {
    try self.change { state, record in
      var bucket = Bucket(name: name, region: "", created: 0)
      bucket.versioning = versioning
      _ = try state.bucket(name)
      try record([JournalRecord(versioningOf: bucket)])
      state.buckets[name]?.versioning = versioning
    }
  }

  /// A bucket's name, region, age and versioning, without its objects.
  struct BucketSummary {
    var name: String
    var region: String
    var created: Int64
    var versioning: Bucket.Versioning
  }

  func bucket(_ name: String) throws -> BucketSummary {
    try self.read { try $0.bucket(name).summary }
  }

  /// All buckets by name.
  var allBuckets: [BucketSummary] {
    self.read { $0.buckets.values.map(\.summary).sorted { $0.name < $1.name } }
  }
}

extension Bucket {
  fileprivate var summary: ObjectStore.BucketSummary {
    ObjectStore.BucketSummary(
      name: self.name, region: self.region, created: self.created, versioning: self.versioning)
  }
}
