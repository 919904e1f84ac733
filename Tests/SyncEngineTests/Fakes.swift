import SyncModel

@testable import SyncEngine

extension RelativePath: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) { self.init(unchecked: text) }
}

extension LocalStamp {
  init(sample path: RelativePath, mount: MountID = MountID(1)) {
    self.init(
      kind: path.isDirectory ? .directory : .file, mount: mount, inode: 1, size: 1,
      modified: Timestamp(seconds: 1), changed: Timestamp(seconds: 1), mode: 0o644)
  }
}

extension BaseEntry {
  init(sample path: RelativePath) {
    self.init(
      path: path, local: LocalStamp(sample: path),
      remote: RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(seconds: 1)),
      fingerprint: Fingerprint(size: 1, crc64: 1), metadata: EntryMetadata(kind: .file))
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Entries in small batches, as a walk gives them.
final class ListedEntries: LocalWalk, @unchecked Sendable {
  private var rest: ArraySlice<LocalEntry>
  private var unreadable: [RelativePath]

  init(_ entries: [LocalEntry], _ unreadable: [RelativePath]) {
    rest = entries.sorted { $0.path < $1.path }[...]
    self.unreadable = unreadable
  }

  func next() async throws -> LocalBatch {
    let batch = rest.prefix(2)
    rest = rest.dropFirst(batch.count)
    defer { unreadable = [] }
    return LocalBatch(entries: Array(batch), unreadable: unreadable, isLast: rest.isEmpty)
  }
}

/// Records in tree order; `@unchecked Sendable`: used by one task.
final class MemoryStore: BaseStorePort, @unchecked Sendable {
  var records: [BaseRecord]

  init(entries: [BaseEntry]) { records = entries.sorted { $0.path < $1.path }.map { .entry($0) } }

  var revision: Int64 { 1 }
  func row(_ path: RelativePath) async throws -> BaseRecord? { records.first { $0.path == path } }
  func rows(after path: RelativePath?, limit: Int) async throws -> [BaseRecord] {
    Array(records.filter { record in path.map { record.path > $0 } ?? true }.prefix(limit))
  }
  func entries(below directory: RelativePath, after path: RelativePath?, limit: Int) async throws -> [BaseEntry] {
    try await rows(after: path, limit: .max).compactMap(\.entry).filter { $0.path.isBelow(directory) }
  }
  func entries(mount: MountID, inode: UInt64) async throws -> [BaseEntry] { [] }
  func leafCount() async throws -> Int { records.count }
  func apply(_ changes: [BaseChange]) async throws -> Int64 { 1 }
  func dropTombstones(through revision: Int64) async throws {}
  func intents() async throws -> [Intent] { [] }
  func spill(_ paths: [RelativePath]) async throws {}
  func unspill(limit: Int) async throws -> [RelativePath] { [] }
  func value(_ key: String) async throws -> String? { nil }
  func setValue(_ value: String?, for key: String) async throws {}
}

/// Pages of keys; every other request is refused.
struct ListedKeys: RemoteTreePort {
  var pages: [[RelativePath]]

  init(_ pages: [RelativePath]...) { self.pages = pages.map { $0.sorted() } }

  func list(
    _ directory: RelativePath, after start: RelativePath?, continuation: String?, limit: Int?
  ) async throws -> RemotePage {
    let number = continuation.flatMap { Int($0) } ?? 0
    let stamp = RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(seconds: 1))
    return RemotePage(
      entries: pages[number].map { RemoteListing(path: $0, stamp: stamp) },
      continuation: number + 1 < pages.count ? String(number + 1) : nil)
  }

  private var refusal: RemoteFailure { RemoteFailure(.notPossible, "only listings here") }

  func head(_ path: RelativePath) async throws -> RemoteHead? { throw refusal }
  func proveAbsent(_ path: RelativePath) async throws -> Bool { throw refusal }
  func read(_ path: RelativePath, version stamp: RemoteStamp) async throws -> RemoteContent { throw refusal }
  func download(
    _ path: RelativePath, version stamp: RemoteStamp, into sink: any ContentSink,
    progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> DownloadedObject { throw refusal }
  func put(_ path: RelativePath, _ content: SmallContent, metadata: EntryMetadata, replacing expected: RemoteStamp?)
    async throws -> RemoteStamp
  { throw refusal }
  func beginUpload(_ path: RelativePath, metadata: EntryMetadata, size: Int64) async throws -> MultipartUpload {
    throw refusal
  }
  func uploadPart(_ part: Int, of upload: MultipartUpload, from source: any ContentSource, known: PartReceipt?)
    async throws -> PartReceipt
  { throw refusal }
  func completeUpload(_ upload: MultipartUpload, parts: [PartReceipt], replacing expected: RemoteStamp?) async throws
    -> CompletedUpload
  { throw refusal }
  func abortUpload(_ upload: MultipartUpload) async throws { throw refusal }
  func unfinishedUploads() async throws -> [UnfinishedUpload] { throw refusal }
  func replaceMetadata(_ path: RelativePath, of expected: RemoteStamp, with metadata: EntryMetadata) async throws
    -> RemoteStamp
  { throw refusal }
  func copy(
    _ path: RelativePath, version source: RemoteStamp, to target: RelativePath, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp { throw refusal }
  func delete(_ path: RelativePath, expecting expected: RemoteStamp) async throws { throw refusal }
  func holds(_ path: RelativePath, _ object: RemoteObject, _ fingerprint: Fingerprint) async throws -> Bool {
    throw refusal
  }
  func content(_ path: RelativePath, _ object: RemoteObject, of parts: [PartReceipt]) async throws -> Fingerprint? {
    throw refusal
  }
  func equals(_ path: RelativePath, _ object: RemoteObject, _ source: any ContentSource) async throws -> Bool {
    throw refusal
  }
}
