import SyncModel

/// Local entries in tree order, with the mount of every directory on the way.
struct LocalStream {
  private let walk: any LocalWalk
  private let store: any BaseStorePort
  private var batch: ArraySlice<LocalEntry> = []
  private var isLast = false
  private var revision: Int64 = 0
  private var mounts: [(directory: RelativePath, mount: MountID)]
  private(set) var unreadable: [RelativePath] = []
  private(set) var problems: [PathReport] = []
  private var placesOfOtherVolumes: Set<RelativePath> = []
  private(set) var count = 0

  init(_ walk: any LocalWalk, rootMount: MountID, root: RelativePath, store: any BaseStorePort) {
    self.walk = walk
    self.store = store
    mounts = [(root, rootMount)]
  }

  /// What comes next, once nothing has to be read for it.
  var head: LocalEntry? { batch.first }
  var mustRead: Bool { batch.isEmpty && !isLast }

  mutating func read() async throws {
    while mustRead {
      revision = store.revision
      let next = try await walk.next()
      batch = next.entries[...]
      unreadable += next.unreadable
      if problems.count < Reports.capacity { problems += next.problems }
      isLast = next.isLast
      count += next.entries.count
    }
  }

  /// The entry that `head` showed, and the revision at which its directory read began.
  mutating func take() -> (LocalEntry, Int64) {
    let entry = batch.removeFirst()
    if entry.stamp.kind == .directory {
      leave(before: entry.path)
      mounts.append((entry.path, entry.stamp.mount))
    }
    return (entry, revision)
  }

  /// What the absence of `path` means: the mount of its nearest existing ancestor, or nothing where that
  /// could not be read.
  mutating func absence(of path: RelativePath) -> (LocalState, Int64) {
    leave(before: path)
    let isUnknown = unreadable.contains { path.isBelow($0) || $0.isRoot || !path.isDirectory && path == $0 }
    if isUnknown { return (.unsupported, revision) }
    return (.absent(mount: mounts.last!.mount), revision)
  }

  /// What was just found absent was synced on another volume than the folder above it now is: that proves no deletion,
  /// so the path waits, which is to be told.
  mutating func noteOtherVolume() {
    let place = mounts.last!.directory
    guard problems.count < Reports.capacity, placesOfOtherVolumes.insert(place).inserted else { return }
    problems.append(
      PathReport(
        name: place.isRoot ? "/" : place.string,
        reason: "files that were synced here are on another volume than this folder is now; they are neither deleted "
          + "nor fetched until it is mounted here again"))
  }

  private mutating func leave(before path: RelativePath) {
    while mounts.count > 1, !path.isBelow(mounts.last!.directory) { mounts.removeLast() }
  }
}

/// Base records in tree order, in short keyset reads.
struct BaseStream {
  private let store: any BaseStorePort
  private let below: RelativePath
  private var batch: ArraySlice<BaseRecord> = []
  private var last: RelativePath?
  private var isLast = false
  /// The store's before the batch was read.
  private(set) var revision: Int64 = 0
  static let batchSize = 1000

  init(_ store: any BaseStorePort, below: RelativePath = .root) {
    self.store = store
    self.below = below
  }

  /// What comes next, once nothing has to be read for it.
  var head: BaseRecord? { batch.first }
  var mustRead: Bool { batch.isEmpty && !isLast }

  mutating func read() async throws {
    while mustRead {
      let rows: [BaseRecord]
      revision = store.revision
      if below.isRoot {
        rows = try await store.rows(after: last, limit: Self.batchSize)
      } else {
        rows = try await store.entries(below: below, after: last, limit: Self.batchSize).map { .entry($0) }
      }
      last = rows.last?.path ?? last
      isLast = rows.count < Self.batchSize
      batch = rows[...]
    }
  }

  mutating func take() -> BaseRecord { batch.removeFirst() }
}

/// Keys in order, with the directories that they imply.
struct RemoteStream {
  private let remote: any RemoteTreePort
  private let store: any BaseStorePort
  private var batch: ArraySlice<RemoteListing> = []
  private var continuation: String?
  private var isLast = false
  private var implied: [RelativePath] = []
  private var last: RelativePath?
  private(set) var revision: Int64 = 0
  private(set) var problems: [PathReport] = []
  private(set) var isOrdered = true
  private(set) var count = 0

  init(_ remote: any RemoteTreePort, store: any BaseStorePort) {
    self.remote = remote
    self.store = store
  }

  /// What comes next, once nothing has to be read for it.
  mutating func head() -> (path: RelativePath, state: RemoteState)? {
    if let directory = implied.first { return (directory, .implied) }
    guard let next = batch.first else { return nil }
    // Nearly every key: without a list of its parents.
    if let last, next.path.hasParents(of: last) { return (next.path, next.state) }
    // Parents that the key before did not have already.
    let new = next.path.ancestors.reversed().filter { ancestor in
      !(last.map { $0 == ancestor || $0.isBelow(ancestor) } ?? false)
    }
    if let first = new.first {
      implied = new
      return (first, .implied)
    }
    return (next.path, next.state)
  }

  var mustRead: Bool { implied.isEmpty && batch.isEmpty && !isLast }

  mutating func read() async throws {
    while mustRead {
      revision = store.revision
      let page = try await remote.list(.root, after: nil, continuation: continuation, limit: nil)
      batch = page.entries[...]
      if problems.count < Reports.capacity { problems += page.problems }
      if !page.isOrdered { isOrdered = false }
      if let first = batch.first, let last, first.path <= last { isOrdered = false }
      continuation = page.continuation
      isLast = continuation == nil
      count += page.entries.count
    }
  }

  mutating func take() {
    if !implied.isEmpty {
      last = implied.removeFirst()
    } else {
      last = batch.removeFirst().path
    }
  }
}

extension RemoteListing {
  fileprivate var state: RemoteState { path.isDirectory ? .marker(stamp) : .object(stamp) }
}
