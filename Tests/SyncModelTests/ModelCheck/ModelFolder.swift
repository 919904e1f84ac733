@testable import SyncModel

/// The folder `d/` with the file `d/f` in it. In the folder's slot the content is 1 where it exists; in its row the
/// object's mode is 2 where no marker is known.
extension Slot {
  /// Seen in the bucket: the file is there, the marker is not.
  static let implied: UInt64 = 2

  fileprivate mutating func recordFolder(hasMarker: Bool) {
    self[Self.hasBase] = 1
    self[Self.baseContent] = 1
    self[Self.baseObjectMode] = hasMarker ? 0 : 2
  }
}

extension ModelState {
  mutating func makeFolder(_ node: Int) { self[slot: node * 2][Slot.localContent] = 1 }

  /// Both are on the node and in its base.
  mutating func agreeAboutFolder(_ node: Int) {
    self[slot: node * 2 + 1] = self[slot: node * 2]
    self[slot: node * 2] = Slot(raw: 0)
    makeFolder(node)
    self[slot: node * 2].recordFolder(hasMarker: false)
  }
}

extension PlanCache {
  func askAboutFolder(_ slot: Slot, _ name: RelativePath, _ policy: Policy) -> ModelPlan {
    let stamp = LocalStamp(
      kind: .directory, mount: ModelScope.mount, inode: 9, size: 0, modified: Timestamp(seconds: 1),
      changed: Timestamp(seconds: 1), mode: 0o755)
    let marker = RemoteStamp(etag: "marker", size: 0, lastModified: Timestamp(seconds: 1))
    let base = BaseEntry(
      path: name, local: stamp, remote: slot[Slot.baseObjectMode] == 2 ? nil : marker, fingerprint: nil,
      metadata: EntryMetadata(kind: .directory))
    let remote: RemoteState =
      slot[Slot.seenObject] == 0 ? .absent : slot[Slot.seenObject] == Slot.implied ? .implied : .marker(marker)
    let operation = planner.plan(
      name, slot[Slot.hasBase] == 0 ? nil : base,
      slot[Slot.seenContent] == 0 ? .absent(mount: ModelScope.mount) : .present(stamp), remote, policy,
      Neighbours(localHasEntries: slot[Slot.seenDirectory] != 0))
    var plan = ModelPlan()
    switch operation {
    case nil: break
    case .adopt(stamp, remote): plan.kind = .adopt
    case .forget: plan.kind = .forget
    case .makeLocalDirectory: plan.kind = .makeDirectory
    case .removeLocalDirectory(stamp): plan.kind = .removeDirectory
    case .putMarker: plan.kind = .putMarker
    case .deleteMarker(marker): plan.kind = .deleteMarker
    default: plan.isBlind = true
    }
    return plan
  }
}

extension ModelMoves {
  /// The commit of a file records the folders above it, which both sides have now.
  func withFolder(_ state: ModelState, _ node: Int, _ path: Int) -> ModelState {
    guard scope.hasFolder, path == 1, state[slot: node * 2][Slot.hasBase] == 0 else { return state }
    var world = state
    world[slot: node * 2].recordFolder(hasMarker: false)
    return world
  }

  /// A folder that a deletion in the bucket empties gets its marker first.
  func keepingFolder(_ state: ModelState, _ node: Int) -> ModelState? {
    let folder = state[slot: node * 2]
    guard scope.policy.directories != .none, folder[Slot.localContent] != 0,
      folder[Slot.hasBase] == 0 || folder[Slot.baseObjectMode] == 2, state[slot: node * 2 + 1][Slot.localContent] == 0,
      state.shared[Shared.object[0]] == 0
    else { return nil }
    var world = state
    world.shared[Shared.object[0]] = 1
    world[slot: node * 2].recordFolder(hasMarker: true)
    return world
  }

  mutating func executeFolder(_ plan: ModelPlan, _ state: ModelState, _ slot: Slot, _ node: Int, _ emit: Emit) {
    var (world, next) = (state, slot)
    let hasMarker = state.shared[Shared.object[0]] != 0
    let hasFile = state.shared[Shared.object[1]] != 0
    next.forgetSight()
    switch plan.kind {
    case .adopt:
      next.recordFolder(hasMarker: slot[Slot.seenObject] == 1)
      self.emit(.adopt, world, next, node, 0, emit)
    case .makeDirectory:
      next[Slot.localContent] = 1
      next.recordFolder(hasMarker: true)
      self.emit(.makeDirectory, world, next, node, 0, emit)
    case .removeDirectory:
      // Proven absent once more, then by rmdir: what is not empty stays, with its row.
      let isEmpty = state[slot: node * 2 + 1][Slot.localContent] == 0
      guard !hasMarker, !hasFile, isEmpty else { return self.emit(.prove, world, next, node, 0, emit) }
      next[Slot.localContent] = 0
      next.forgetBase()
      self.emit(.removeDirectory, world, next, node, 0, emit)
    case .putMarker:
      let isEmpty = state[slot: node * 2 + 1][Slot.localContent] == 0
      let isStillEmpty = slot[Slot.localContent] != 0 && (isEmpty || scope.policy.directories == .all)
      guard isStillEmpty else { return refreshLocal(state, slot, node, 0, emit) }
      guard !hasMarker else { return refreshRemote(state, slot, node, 0, emit) }
      world.shared[Shared.object[0]] = 1
      next.recordFolder(hasMarker: true)
      self.emit(.putMarker, world, next, node, 0, emit)
    default:
      guard hasMarker else { return refreshRemote(state, slot, node, 0, emit) }
      world.shared.removeObject(0)
      next.forgetBase()
      self.emit(.deleteMarker, world, next, node, 0, emit)
    }
  }

  mutating func folderUserMoves(_ state: ModelState, _ node: Int, _ emit: Emit) {
    var (world, slot) = (state, state[slot: node * 2])
    world.shared[Shared.userSteps] -= 1
    if slot[Slot.localContent] == 0 {
      guard scope.actions.contains(.makeFolder) else { return }
      slot[Slot.localContent] = 1
      self.emit(.makeFolder, world, slot, node, 0, emit)
    } else if scope.actions.contains(.removeFolder) {
      slot[Slot.localContent] = 0
      var file = world[slot: node * 2 + 1]
      world.shared.add(file[Slot.localContent], to: Shared.superseded)
      file[Slot.localContent] = 0
      file[Slot.localMode] = 0
      world[slot: node * 2 + 1] = file
      self.emit(.removeFolder, world, slot, node, 0, emit)
    }
  }
}
