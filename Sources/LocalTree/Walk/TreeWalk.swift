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
    let mount: MountID
    let isBehindLink: Bool
    let names: NameList
    var next = 0
  }

  /// A directory to go into.
  private struct Entrance {
    var path: RelativePath
    /// Where it lies behind a link.
    var directory: Descriptor?
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
      if let frame = try open(entrance(to: start), into: &batch) { state.frames.append(frame) }
    }
    while let top = state.frames.indices.last {
      if batch.entries.count + batch.problems.count >= batchSize { return batch }
      guard state.frames[top].next < state.frames[top].names.entries.count else {
        state.frames.removeLast()
        continue
      }
      let entry = state.frames[top].names.entries[state.frames[top].next]
      state.frames[top].next += 1
      if let entrance = visit(entry, in: state.frames[top], into: &batch),
        let frame = try open(entrance, into: &batch)
      {
        state.frames.append(frame)
      }
    }
    batch.isLast = true
    return batch
  }

  private func entrance(to start: RelativePath) throws -> Entrance {
    guard let follower = observer.follower, !start.isRoot,
      case .found(let place) = try observer.locate(start, follower), place.isBehindLink
    else { return Entrance(path: start) }
    return Entrance(path: start, directory: place.directory)
  }

  /// Adds the entry; returns it where it is a directory to go into.
  private func visit(_ entry: NameList.Entry, in frame: Frame, into batch: inout LocalBatch) -> Entrance? {
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
      if status.kind == .symlink, let follower = observer.follower {
        return try visit(linkAt: path, entry, in: frame, follower, into: &batch)
      }
      guard (status.kind == .directory) == entry.isDirectory else {
        // It became something else since its directory was read, so its place in the order is wrong.
        batch.unreadable.append(path.asDirectory)
        return nil
      }
      if let problem = try observer.problem(of: status, leafName, in: frame.directory, at: path) {
        batch.problems.append(PathReport(name: path.string, reason: problem))
        return nil
      }
      if entry.isDirectory {
        guard frame.isBehindLink else { return Entrance(path: path) }
        return Entrance(path: path, directory: try frame.directory.open(leafName, clinux_flag_path() | O_DIRECTORY))
      }
      batch.entries.append(LocalEntry(path: path, stamp: status.stamp(on: frame.mount, observer.ownership)!))
    } catch {
      batch.problems.append(PathReport(name: path.string, reason: "cannot be looked at (\(error))"))
      batch.unreadable.append(path.asDirectory)
    }
    return nil
  }

  private func visit(
    linkAt path: RelativePath, _ entry: NameList.Entry, in frame: Frame, _ follower: LinkFollower,
    into batch: inout LocalBatch
  ) throws -> Entrance? {
    switch try follower.target(of: path) {
    case .directory(let directory, _) where entry.isDirectory: return Entrance(path: path, directory: directory)
    case .file(_, let status) where !entry.isDirectory:
      batch.entries.append(LocalEntry(path: path, stamp: status.stamp(on: frame.mount, observer.ownership)!))
    case .directory, .file:
      // It led elsewhere when its directory was read.
      batch.unreadable += [path.asLeaf, path.asDirectory]
    case .refused(let reason):
      // That its target is away is no deletion, neither of a file nor of what was in a folder.
      batch.unreadable += [path.asLeaf, path.asDirectory]
      batch.problems.append(PathReport(name: path.asLeaf.string, reason: reason))
    }
    return nil
  }

  /// Opens a directory and adds it as an entry; nil where its content cannot be read.
  private func open(_ entrance: Entrance, into batch: inout LocalBatch) throws -> Frame? {
    let path = entrance.path
    do {
      let directory: Descriptor
      do {
        directory =
          try entrance.directory?.open(".", O_RDONLY | O_DIRECTORY) ?? observer.root.open(path, O_RDONLY)
      } catch let error as SystemError where error.code == EACCES && !path.isRoot {
        try addUnreadable(path, into: &batch)
        return nil
      }
      switch try observer.placement(of: directory, at: path, isBehindLink: entrance.directory != nil) {
      case .refused(let reason):
        batch.problems.append(PathReport(name: path.string, reason: reason))
        batch.unreadable.append(path)
        return nil
      case .absent, .leaf:
        batch.unreadable.append(path)
        return nil
      case .found(let place):
        if !path.isRoot {
          batch.entries.append(LocalEntry(path: path, stamp: place.status.stamp(on: place.mount, observer.ownership)!))
        }
        return Frame(
          path: path, directory: directory, mount: place.mount, isBehindLink: place.isBehindLink,
          names: try names(of: directory, path))
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

  private func names(of directory: Descriptor, _ path: RelativePath) throws -> NameList {
    guard let follower = observer.follower else { return try NameList(of: directory) }
    return try NameList(of: directory) { name in
      let link = path.appending(name)
      guard ReservedNames.match(in: link) == nil, case .directory? = try? follower.target(of: link) else {
        return false
      }
      return true
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
