/// The cell of docs/planner.md in which a path stands.
package struct Situation: Hashable, Sendable, CustomStringConvertible {
  /// Which of the tables.
  package let table: String
  package let local: String
  package let remote: String

  package var description: String { "\(table): \(local) × \(remote)" }
}

extension Planner {
  package static func situation(
    path: RelativePath, base: BaseEntry?, local: LocalState, remote: RemoteState, neighbours: Neighbours
  ) -> Situation {
    if path.isDirectory { return directory(base, local, remote) }
    let isClash = neighbours.remoteHasDescendants || neighbours.localIsDirectory
    // As the plan sees it: a row without a remote version proves nothing about a leaf.
    guard let base, base.remote != nil else {
      return Situation(
        table: isClash ? "clash without row" : "leaf without row", local: local.word, remote: remote.word)
    }
    let delta = LocalDelta(of: local.asLeaf, since: base)
    let other: String =
      switch remote {
      case .object(let stamp, let metadata): RemoteDelta(of: stamp, metadata: metadata, since: base).word
      case .absent, .marker, .implied: remote.word
      }
    return Situation(table: isClash ? "clash" : "leaf", local: delta.word, remote: other)
  }

  private static func directory(_ base: BaseEntry?, _ local: LocalState, _ remote: RemoteState) -> Situation {
    var word = local.asDirectory.word
    if case .absent(let mount) = local.asDirectory, let base, base.local.mount != mount { word = "absent elsewhere" }
    return Situation(table: base == nil ? "directory without row" : "directory", local: word, remote: remote.word)
  }
}

extension LocalState {
  fileprivate var word: String {
    switch self {
    case .absent: "absent"
    case .present: "present"
    case .unsupported: "unsupported"
    }
  }

  /// A directory that has the leaf's name is the leaf's absence.
  fileprivate var asLeaf: LocalState {
    if case .present(let stamp, _) = self, stamp.kind == .directory { .absent(mount: stamp.mount) } else { self }
  }

  fileprivate var asDirectory: LocalState {
    if case .present(let stamp, _) = self, stamp.kind != .directory { .absent(mount: stamp.mount) } else { self }
  }
}

extension RemoteState {
  fileprivate var word: String {
    switch self {
    case .absent: "absent"
    case .object: "object"
    case .marker: "marker"
    case .implied: "implied"
    }
  }
}

extension LocalDelta {
  fileprivate var word: String {
    switch self {
    case .unchanged: "unchanged"
    case .refreshed: "refreshed"
    case .metadata: "metadata"
    case .suspect: "suspect"
    case .changed: "changed"
    case .deleted: "deleted"
    case .discarded: "discarded"
    case .unknown: "unknown"
    }
  }
}

extension RemoteDelta {
  fileprivate var word: String {
    switch self {
    case .unchanged: "unchanged"
    case .refreshed: "refreshed"
    case .touched: "touched"
    case .metadata: "metadata"
    case .changed: "changed"
    case .absent: "absent"
    }
  }
}
