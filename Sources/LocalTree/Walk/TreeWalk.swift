internal import CLinux
internal import Glibc
internal import NIOConcurrencyHelpers
internal import SyncEngine
internal import SyncModel

/// One look through a tree. What it keeps is the names of the directories that lead to where it is.
final class TreeWalk: LocalWalk {
  private struct Frame: Sendable {
    let path: RelativePath
    let directory: Descriptor
    let mount: Mount
    let kernelMount: UInt64
    let names: NameList
    var next = 0
  }

  private struct State: Sendable {
    var frames: [Frame] = []
    var start: RelativePath?
  }

  private let observer: Observer
  private let runner: any LocalRunner
  private let state: NIOLockedValueBox<State>
  private let batchSize: Int

  init(_ start: RelativePath, observer: Observer, runner: any LocalRunner, batchSize: Int) {
    self.observer = observer
    self.runner = runner
    self.batchSize = batchSize
    state = NIOLockedValueBox(State(start: start))
  }

  func next() async throws -> LocalBatch {
    try await runner.run { [self] in
      try reportingFailures(at: observer.root.path) { try state.withLockedValue { try fill(&$0) } }
    }
  }

  private func fill(_ state: inout State) throws -> LocalBatch {
    var batch = LocalBatch()
    if let start = state.start {
      state.start = nil
      if let frame = try open(start, into: &batch) { state.frames.append(frame) }
    }
    while let top = state.frames.indices.last {
      if batch.entries.count + batch.problems.count >= batchSize { return batch }
      guard state.frames[top].next < state.frames[top].names.entries.count else {
        state.frames.removeLast()
        continue
      }
      let entry = state.frames[top].names.entries[state.frames[top].next]
      state.frames[top].next += 1
      if let directory = visit(entry, in: state.frames[top], into: &batch),
        let frame = try open(directory, into: &batch)
      {
        state.frames.append(frame)
      }
    }
    batch.isLast = true
    return batch
  }

  /// Adds the entry; returns it where it is a directory to go into.
  private func visit(_ entry: NameList.Entry, in frame: Frame, into batch: inout LocalBatch) -> RelativePath? {
    let name = frame.names.withBytes(entry) { String(validating: $0, as: UTF8.self) }
    guard let name else {
      let text = frame.names.withBytes(entry) { String(decoding: $0, as: UTF8.self) }
      batch.problems.append(
        PathReport(name: frame.path.asDirectoryPrefix + text, reason: PathProblem.notUTF8.explanation))
      return nil
    }
    if name.utf8.first == UInt8(ascii: "."), ReservedNames.match(in: RelativePath(unchecked: name)) != nil {
      return nil
    }
    let path = RelativePath(unchecked: frame.path.asDirectoryPrefix + name)
    do {
      let leafName = entry.isDirectory ? path.name : name
      guard let status = try frame.directory.statusIfPresent(of: leafName) else { return nil }
      guard (status.kind == .directory) == entry.isDirectory else {
        // It became something else since its directory was read, so its place in the order is wrong.
        batch.unreadable.append(path.asDirectory)
        return nil
      }
      if let problem = try observer.problem(of: status, leafName, in: frame.directory, at: path) {
        batch.problems.append(PathReport(name: path.string, reason: problem))
        return nil
      }
      if entry.isDirectory { return path }
      batch.entries.append(LocalEntry(path: path, stamp: status.stamp(on: frame.mount.id)!))
    } catch {
      batch.problems.append(PathReport(name: path.string, reason: "cannot be looked at (\(error))"))
      batch.unreadable.append(path.asDirectory)
    }
    return nil
  }

  /// Opens a directory and adds it as an entry; nil where its content cannot be read.
  private func open(_ path: RelativePath, into batch: inout LocalBatch) throws -> Frame? {
    do {
      let directory: Descriptor
      do { directory = try observer.root.open(path, O_RDONLY) } catch let error as SystemError
        where error.code == EACCES && !path.isRoot
      {
        try addUnreadable(path, into: &batch)
        return nil
      }
      let status = try directory.status()
      switch try observer.mountEntry(of: directory, status, at: path) {
      case .unusable(let reason):
        batch.problems.append(PathReport(name: path.string, reason: reason))
        batch.unreadable.append(path)
        return nil
      case .usable(let mount):
        if !path.isRoot { batch.entries.append(LocalEntry(path: path, stamp: status.stamp(on: mount.id)!)) }
        return Frame(
          path: path, directory: directory, mount: mount, kernelMount: status.mount, names: try NameList(of: directory))
      }
    } catch let error as SystemError {
      if path.isRoot { throw error }
      // Gone or replaced in between: what was below is neither present nor proven absent.
      batch.unreadable.append(path)
      if ![ENOENT, ENOTDIR, ELOOP].contains(error.code) {
        batch.problems.append(PathReport(name: path.string, reason: "cannot be read (\(error.text))"))
      }
      return nil
    }
  }

  private func addUnreadable(_ path: RelativePath, into batch: inout LocalBatch) throws {
    batch.unreadable.append(path)
    batch.problems.append(
      PathReport(name: path.string, reason: "cannot be read: permission denied; what is below is not synced"))
    if case .present(let stamp) = try observer.observe(path) {
      batch.entries.append(LocalEntry(path: path, stamp: stamp))
    }
  }
}
