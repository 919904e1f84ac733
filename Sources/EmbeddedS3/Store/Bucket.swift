/// A bucket: its objects' versions by key, and its unfinished uploads.
struct Bucket: Sendable {
  var name: String
  var region: String
  /// Milliseconds since 1970.
  var created: Int64
  var versioning: Versioning = .unversioned
  /// Newest version first; no list is empty.
  var objects = SortedMap<ObjectKey, [ObjectVersion]>()
  var uploads: [String: MultipartUpload] = [:]

  enum Versioning: String, Sendable, Codable {
    case unversioned = ""
    case enabled = "Enabled"
    case suspended = "Suspended"
  }

  /// The current object, nil when there is none or a delete marker hides it.
  func current(_ key: ObjectKey) -> ObjectVersion? {
    guard let first = self.objects[key]?.first, first.object != nil else { return nil }
    return first
  }

  func version(_ key: ObjectKey, id: String) -> ObjectVersion? {
    self.objects[key]?.first { $0.versionID == id }
  }

  /// Puts a version in front; a `null` version replaces the older `null` one.
  mutating func insert(_ version: ObjectVersion, for key: ObjectKey) {
    var versions = self.objects[key] ?? []
    if version.versionID == ObjectVersion.nullVersionID {
      versions.removeAll { $0.versionID == ObjectVersion.nullVersionID }
    }
    versions.insert(version, at: 0)
    self.objects[key] = versions
  }

  mutating func remove(_ key: ObjectKey, versionID: String) {
    guard var versions = self.objects[key] else { return }
    versions.removeAll { $0.versionID == versionID }
    self.objects[key] = versions.isEmpty ? nil : versions
  }
}
