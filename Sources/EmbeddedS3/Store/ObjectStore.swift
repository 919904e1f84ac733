import Glibc
import NIOConcurrencyHelpers

/// The buckets and objects, in memory or in a data folder. Every change is one step under one lock; bodies are read
/// and written outside it.
final class ObjectStore: Sendable {
  /// Where bodies go; nil keeps them in memory.
  let folder: BlobFolder?
  /// Milliseconds since 1970.
  let now: @Sendable () -> Int64
  private let journal: Journal?
  private let box: NIOLockedValueBox<StoreState>

  /// A store that is empty and forgets everything at its end.
  init(now: @escaping @Sendable () -> Int64) {
    self.now = now
    self.folder = nil
    self.journal = nil
    self.box = NIOLockedValueBox(StoreState())
  }

  /// A store that keeps everything below `path` and finds it there again.
  init(path: String, now: @escaping @Sendable () -> Int64) throws {
    self.now = now
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw BlobError(path: path, step: "create", errno: errno) }
    let folder = try BlobFolder(path: "\(path)/blobs")
    let journalPath = "\(path)/journal"
    var state = StoreState()
    // Slices of one file share its handle: the file goes with the last of them.
    var files: [UInt64: BlobFile] = [:]
    for record in try Journal.read(path: journalPath) {
      state.replay(record) { segment in
        let file = files[segment[0]] ?? folder.adopt(segment[0])
        files[segment[0]] = file
        return .file(file, offset: Int(segment[1]), length: Int(segment[2]))
      }
    }
    try folder.removeAll(except: Set(files.keys))
    self.folder = folder
    self.journal = try Journal(path: journalPath, compactedTo: state.records)
    self.box = NIOLockedValueBox(state)
  }

  deinit {
    self.folder?.close()
  }

  func read<Result>(_ body: (StoreState) throws -> Result) rethrows -> Result {
    try self.box.withLockedValue { try body($0) }
  }

  /// A change of what only a running server knows.
  func update<Result>(_ body: (inout StoreState) -> Result) -> Result {
    self.box.withLockedValue { body(&$0) }
  }

  /// A change as one step: `body` decides, journals what it is about to do, and does it.
  func change<Result>(_ body: (inout StoreState, Recorder) throws -> Result) throws -> Result {
    try self.box.withLockedValue { try body(&$0, Recorder(journal: self.journal)) }
  }
}

/// Journals a change before it is made; does nothing for a store in memory.
struct Recorder {
  fileprivate let journal: Journal?

  func callAsFunction(_ records: @autoclosure () -> [JournalRecord]) throws {
    guard let journal = self.journal else { return }
    try journal.append(records())
  }
}
