package import SyncModel

/// The simulated server: strongly consistent, every function one atomic request. Keys are paths.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimS3: @unchecked Sendable {
  struct Upload {
    var key: String
    var begun: Timestamp
    var metadata: EntryMetadata
    var parts: [Int: [UInt8]] = [:]
  }

  package private(set) var objects: [String: SimObject] = [:]
  /// Keys in the order of a listing: UTF-8 bytes.
  private var keys: [String] = []
  private var uploads: [String: Upload] = [:]
  private var nextUpload = 0
  private let executor: SimExecutor
  /// As some servers do.
  var ignoresConditions = false
  /// Keys whose metadata changed while ETag and last-modified, a whole second, told nothing of it.
  private(set) var blurred: Set<String> = []
  /// Replaced and deleted objects can be read by their version.
  var hasVersions = false
  private var versions: [String: SimObject] = [:]
  /// Is told what stands at a key from now on.
  var onStore: ((String, [UInt8]) -> Void)?
  /// Is told of a key whose object was stored or deleted.
  var onChange: ((String) -> Void)?
  /// A copy onto itself with other metadata keeps the ETag, as on AWS.
  let etagIgnoresMetadata: Bool

  package init(executor: SimExecutor, etagIgnoresMetadata: Bool) {
    self.executor = executor
    self.etagIgnoresMetadata = etagIgnoresMetadata
  }

  package var now: Timestamp { SimEnvironment.epoch.advanced(by: .nanoseconds(executor.now)) }

  package var sortedKeys: [String] { keys }

  /// Keys of uploads that were neither completed nor aborted.
  package var openUploads: [String] { uploads.sorted { $0.key < $1.key }.map { "\($0.value.key) (\($0.key))" } }

  /// Up to `limit` keys that start with `prefix`, after `start`.
  func page(prefix: String, after start: String?, limit: Int) -> (keys: ArraySlice<String>, isLast: Bool) {
    var first = keys.partitioningIndex { !$0.utf8.lexicographicallyPrecedes(prefix.utf8) }
    if let start {
      first = max(first, keys.partitioningIndex { start.utf8.lexicographicallyPrecedes($0.utf8) })
    }
    var last = first
    while last < keys.count, last - first < limit, keys[last].utf8.starts(with: prefix.utf8) { last += 1 }
    let isLast = last == keys.count || !keys[last].utf8.starts(with: prefix.utf8)
    return (keys[first..<last], isLast)
  }

  /// - Parameter expected: the ETag that must be there; nil: nothing may be there.
  @discardableResult
  package func put(
    _ key: String, _ content: [UInt8], metadata: EntryMetadata, ifMatch expected: String?, isConditional: Bool = true,
    etag: String? = nil
  ) throws -> SimObject {
    if isConditional && !ignoresConditions {
      guard let expected else {
        if objects[key] != nil { throw SimRefusal.conditionFailed }
        return store(key, content, metadata, etag)
      }
      guard let current = objects[key] else { throw SimRefusal.notFound }
      guard current.etag == expected else { throw SimRefusal.conditionFailed }
    }
    return store(key, content, metadata, etag)
  }

  package func delete(_ key: String, ifMatch expected: String?) throws {
    guard let current = objects[key] else { throw SimRefusal.notFound }
    if let expected, current.etag != expected, !ignoresConditions { throw SimRefusal.conditionFailed }
    objects[key] = nil
    keys.remove(at: position(of: key))
    onChange?(key)
  }

  /// What a read by version finds; nil: the stamp tells none.
  func version(_ stamp: RemoteStamp) -> SimObject? { stamp.versionID.flatMap { versions[$0] } }

  func beginUpload(_ key: String, metadata: EntryMetadata) -> String {
    nextUpload += 1
    let id = "upload-\(nextUpload)"
    uploads[id] = Upload(key: key, begun: now, metadata: metadata)
    return id
  }

  func putPart(_ number: Int, of upload: String, _ bytes: [UInt8]) throws -> String {
    guard uploads[upload] != nil else { throw SimRefusal.uploadGone }
    uploads[upload]!.parts[number] = bytes
    return "part-" + String(SimContent.hash(bytes), radix: 16)
  }

  func completeUpload(_ id: String, parts: [(number: Int, etag: String)], ifMatch expected: String?) throws
    -> SimObject
  {
    guard let upload = uploads[id] else { throw SimRefusal.uploadGone }
    var content: [UInt8] = []
    for part in parts {
      guard let bytes = upload.parts[part.number],
        part.etag == "part-" + String(SimContent.hash(bytes), radix: 16)
      else { throw SimRefusal.invalidPart }
      content += bytes
    }
    let etag = String(SimContent.hash(content), radix: 16) + "-\(parts.count)"
    let object = try put(upload.key, content, metadata: upload.metadata, ifMatch: expected, etag: etag)
    uploads[id] = nil
    return object
  }

  func abortUpload(_ id: String) { uploads[id] = nil }

  func unfinishedUploads() -> [(id: String, upload: Upload)] {
    uploads.sorted { $0.key < $1.key }.map { (id: $0.key, upload: $0.value) }
  }

  private func store(_ key: String, _ content: [UInt8], _ metadata: EntryMetadata, _ etag: String?) -> SimObject {
    var hash = SimContent.hash(content)
    if !etagIgnoresMetadata {
      // Mixed, since the checksum is linear: digits that change in the content and in the time may cancel each other
      // (seed 4065820).
      hash &*= 0x9e37_79b9_7f4a_7c15
      let owner = metadata.owner.map { " \($0.user) \($0.group)" } ?? ""
      hash ^= SimContent.hash("\(metadata.mode ?? 0) \(metadata.modified?.nanoseconds ?? 0)\(owner)".utf8)
    }
    var object = SimObject(
      content: content, etag: etag ?? String(hash, radix: 16), lastModified: now.wholeSeconds, metadata: metadata)
    if hasVersions {
      object.versionID = "version-\(versions.count)"
      versions[object.versionID!] = object
    }
    if let before = objects.updateValue(object, forKey: key) {
      let isSoon = before.lastModified.duration(to: object.lastModified) <= .seconds(2)
      if before.etag == object.etag && isSoon { blurred.insert(key) } else { blurred.remove(key) }
    } else {
      keys.insert(key, at: position(of: key))
      blurred.remove(key)
    }
    onStore?(key, content)
    onChange?(key)
    return object
  }

  private func position(of key: String) -> Int {
    keys.partitioningIndex { !$0.utf8.lexicographicallyPrecedes(key.utf8) }
  }
}

extension Array {
  /// The first index whose element satisfies `belongs`, which no element before one that does may.
  fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
