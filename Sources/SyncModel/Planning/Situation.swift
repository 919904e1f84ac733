/// The cell of docs/planner.md in which a path stands. Only what reads it pays for its words.
package struct Situation: Sendable, CustomStringConvertible {
  private let isDirectory: Bool
  private let base: BaseEntry?
  private let local: LocalState
  private let remote: RemoteState
  private let neighbours: Neighbours

  package init(
    path: RelativePath, base: BaseEntry?, local: LocalState, remote: RemoteState, neighbours: Neighbours
  ) {
    isDirectory = path.isDirectory
    self.base = base
    self.local = local
    self.remote = remote
    self.neighbours = neighbours
  }

  /// Its table, row and column: `leaf: changed × unchanged`.
  package var description: String { isDirectory ? directory : leaf }

  private var leaf: String {
    let isClash = neighbours.remoteHasDescendants || neighbours.localIsDirectory
    let table = (isClash ? "clash" : "leaf") + (base?.isApart == true ? " apart," : "")
    // As the plan sees it: a row without a remote version proves nothing about a leaf.
    guard let base, base.remote != nil, !base.isApart else {
      return "\(table) without row: \(local.word) × \(remote.word)"
    }
    let delta = LocalDelta(of: local.asLeaf, since: base)
    let other: String =
      switch remote {
      case .object(let stamp, let metadata): RemoteDelta(of: stamp, metadata: metadata, since: base).word
      case .absent, .marker, .implied: remote.word
      }
    return "\(table): \(delta.word) × \(other)"
  }

  private var directory: String {
    var word = local.asDirectory.word
    if case .absent(let mount) = local.asDirectory, let base, base.local.mount != mount { word = "absent elsewhere" }
    return "directory\(base == nil ? " without row" : ""): \(word) × \(remote.word)"
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
