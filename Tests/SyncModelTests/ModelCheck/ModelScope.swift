@testable import SyncModel

/// The functions that are checked; a mutated one must be refuted.
struct PlannerUnderTest: Sendable {
  typealias Plan =
    @Sendable (RelativePath, BaseEntry?, LocalState, RemoteState, Policy, Neighbours) -> SyncModel.Operation?

  var plan: Plan = { path, base, local, remote, policy, neighbours in
    Planner.plan(path: path, base: base, local: local, remote: remote, policy: policy, neighbours: neighbours)
  }

  static let real = PlannerUnderTest()

  /// The real planner, except where `change` says otherwise.
  static func mutated(
    _ change: @escaping @Sendable (SyncModel.Operation?, BaseEntry?, LocalState, RemoteState) -> SyncModel.Operation?
  ) -> PlannerUnderTest {
    PlannerUnderTest { path, base, local, remote, policy, neighbours in
      change(
        Planner.plan(path: path, base: base, local: local, remote: remote, policy: policy, neighbours: neighbours),
        base, local, remote)
    }
  }
}

/// What a world consists of and what may happen in it.
struct ModelScope: CustomStringConvertible {
  enum Start: CaseIterable {
    /// All agree about the first path.
    case agreed
    /// Nobody has a base; all hold different contents.
    case firstContact
    /// As `firstContact`, but two of the contents are equal.
    case firstContactEqual
    /// The bucket is empty, and each node's own content is left alone until it changes.
    case leftAlone
  }

  enum UserAction: Hashable, CaseIterable {
    case write, delete, chmod, touch, revert
    /// On the first node a path's file gets the other's name. Two nodes that rename one file in opposite directions
    /// delete both names, each knowing what it deletes: the content is in the trash then.
    case move
    /// `a` gives way to `a/b`, or the reverse, in one go.
    case exchangeLeafAndDirectory
    /// Of the folder `d/`; the last one with what it holds.
    case makeFolder, removeFolder
    /// Another program writes to the bucket or deletes there, without metadata and without conditions.
    case foreignPut, foreignDelete
  }

  /// What an operation's execution sees to; the laws need each.
  enum Safeguard: CaseIterable {
    /// Uploads are conditional on the ETag that the plan saw.
    case conditionOfUpload
    /// An install is conditional on the local stamp that the plan saw.
    case stampOfInstall
    /// The loser of a conflict is kept before it is overwritten.
    case copyOfLoser
    /// Before a local file is deleted its object's absence is proven once more.
    case proofOfAbsence
  }

  /// How a file's time goes with the order in which the contents were written: clocks may differ.
  enum Times: CaseIterable { case rising, equal, falling }

  var name: String
  var nodes = 2
  /// Paths of a node: `a` alone, `a` and `b`, `a` and `a/b`, or `d/` and `d/f`.
  var paths = ["a"]
  var policy = Policy()
  /// The first node goes on making a mirror, as no run does for longer than its start.
  var mirror: SyncDirection?
  /// The first node's, where it is another one; trees may then differ for good.
  var firstPolicy: Policy?
  var start = Start.agreed
  var actions: Set<UserAction> = [.write, .delete, .chmod]
  var userSteps: UInt64 = 2
  /// Lost replies, crashes between a change and its row, writers that keep a file open, listings that lack a key.
  var faults: UInt64 = 0
  var times = Times.rising
  /// Otherwise every change of content needs to be read to be seen.
  var sizesDiffer = false
  /// A node sees both sides in one moment; with two paths the steps are too many otherwise.
  var looksAtOnce = false
  /// Turned off, to show that the check notices.
  var missing: Safeguard?
  /// The least number of states that are to be visited.
  var floor = 0

  func policy(of node: Int) -> Policy {
    if node == 0, let firstPolicy { return firstPolicy }
    guard node == 0, let mirror else { return policy }
    var policy = policy
    policy.mirror = mirror
    policy.firstSync = mirror == .down ? .remote : .local
    return policy
  }

  var hasClash: Bool { paths == ["a", "a/b"] }
  var hasFolder: Bool { paths == ["d/", "d/f"] }

  var description: String {
    "\(name): \(nodes) nodes, \(paths.joined(separator: " and ")), \(userSteps) steps, \(faults) faults"
  }

  var initial: ModelState {
    var shared = Shared(raw: 0)
    shared[Shared.userSteps] = userSteps
    shared[Shared.faults] = faults
    shared[Shared.object[0]] = 1
    shared[Shared.nextContent] = 2
    if start == .leftAlone {
      shared[Shared.object[0]] = 0
      shared[Shared.nextContent] = 1
    }
    if hasFolder {
      shared[Shared.object[0]] = 0
      shared[Shared.object[1]] = 1
    }
    var state = ModelState(shared: shared)
    for node in 0..<nodes {
      var slot = Slot(raw: 0)
      slot[Slot.localContent] = 1
      if start == .agreed {
        slot[Slot.hasBase] = 1
        slot[Slot.baseContent] = 1
      } else if start == .leftAlone {
        slot[Slot.localContent] = state.shared[Shared.nextContent]
        state.shared[Shared.nextContent] += 1
        slot[Slot.hasBase] = 1
        slot[Slot.baseContent] = slot[Slot.localContent]
        slot[Slot.baseObjectMode] = Slot.leftAlone
      } else {
        let isEqual = start == .firstContactEqual && node == 0
        slot[Slot.localContent] = isEqual ? 1 : state.shared[Shared.nextContent]
        if isEqual { slot[Slot.localMode] = 1 } else { state.shared[Shared.nextContent] += 1 }
      }
      state[slot: node * paths.count] = slot
      if hasFolder { state.agreeAboutFolder(node) }
    }
    state.normalise(nodes: nodes, paths: paths.count)
    return state
  }
}

// The planner's values for the model's numbers.
extension ModelScope {
  static let mount = MountID(1)
  static let agreedMode: UInt32 = 0o644

  private func size(_ content: UInt64) -> Int64 { sizesDiffer ? 10 + Int64(content) : 10 }

  private func modified(_ content: UInt64) -> Timestamp {
    switch times {
    case .rising: Timestamp(seconds: 1000 + Int64(content))
    case .equal: Timestamp(seconds: 1000)
    case .falling: Timestamp(seconds: 1000 - Int64(content))
    }
  }

  static func mode(_ mode: UInt64) -> UInt32? { mode == 2 ? nil : mode == 1 ? 0o600 : agreedMode }

  func localStamp(_ content: UInt64, _ mode: UInt64, _ stamp: UInt64) -> LocalStamp {
    LocalStamp(
      kind: .file, mount: Self.mount, inode: 5, size: size(content), modified: modified(content),
      changed: Timestamp(seconds: 2000 + Int64(stamp)), mode: Self.mode(mode)!)
  }

  private func remoteStamp(_ content: UInt64, _ modified: UInt64) -> RemoteStamp {
    RemoteStamp(
      etag: String(content), size: size(content), lastModified: Timestamp(seconds: 1_000_000 + Int64(modified)))
  }

  func metadata(_ content: UInt64, _ mode: UInt64) -> EntryMetadata {
    EntryMetadata(kind: .file, mode: Self.mode(mode), modified: mode == 2 ? nil : modified(content))
  }

  func base(_ slot: Slot, path: Int) -> BaseEntry? {
    guard slot[Slot.hasBase] != 0 else { return nil }
    let content = slot[Slot.baseContent]
    if slot.isLeftAlone {
      return BaseEntry(
        path: RelativePath(unchecked: paths[path]),
        local: localStamp(content, slot[Slot.baseLocalMode], slot[Slot.baseStamp]), remote: nil, fingerprint: nil,
        metadata: EntryMetadata(kind: .file), isApart: true)
    }
    return BaseEntry(
      path: RelativePath(unchecked: paths[path]),
      local: localStamp(content, slot[Slot.baseLocalMode], slot[Slot.baseStamp]),
      remote: remoteStamp(content, slot[Slot.baseModified]), fingerprint: fingerprint(content),
      metadata: metadata(content, slot[Slot.baseObjectMode]), isProvisional: slot[Slot.isProvisional] != 0,
      isLocalChanged: slot[Slot.isLocalChanged] != 0)
  }

  func fingerprint(_ content: UInt64) -> Fingerprint { Fingerprint(size: size(content), crc64: content) }

  func local(_ slot: Slot) -> LocalState {
    let content = slot[Slot.seenContent]
    guard content != 0 else { return .absent(mount: Self.mount) }
    return .present(
      localStamp(content, slot[Slot.seenMode], slot[Slot.seenStamp]),
      content: slot[Slot.wasRead] != 0 ? fingerprint(content) : nil)
  }

  func remote(_ slot: Slot) -> RemoteState {
    let content = slot[Slot.seenObject]
    guard content != 0 else { return .absent }
    return .object(
      remoteStamp(content, slot[Slot.seenModified]),
      metadata: slot[Slot.wasHeaded] != 0 ? metadata(content, slot[Slot.seenObjectMode]) : nil)
  }

  func neighbours(_ slot: Slot) -> Neighbours {
    Neighbours(remoteHasDescendants: slot[Slot.seenBelow] != 0, localIsDirectory: slot[Slot.seenDirectory] != 0)
  }
}

/// What is to be done for a slot, with all that its execution needs.
struct ModelPlan {
  enum Kind: UInt8 {
    case inspectLocal, inspectRemote, compare, adopt, forget, upload, uploadMetadata, download, applyMetadata
    case deleteLocal, deleteRemote, yield, blocked
    case makeDirectory, removeDirectory, putMarker, deleteMarker
  }

  var kind: Kind?
  /// `upload` and `download`: the other side is expected to be absent.
  var creates = false
  var resolution: Resolution?
  /// The mode after a merge and the one for the row.
  var mode: UInt64 = 0
  var rowMode: UInt64 = 0
  /// A download leaves the local mode as it is.
  var keepsMode = false
  /// The operation carries a stamp that the plan did not see (I2).
  var isBlind = false
}

/// Asks the planner once for every question.
struct PlanCache {
  let scope: ModelScope
  let planner: PlannerUnderTest
  private var plans: [UInt64: ModelPlan] = [:]

  init(_ scope: ModelScope, _ planner: PlannerUnderTest) {
    self.scope = scope
    self.planner = planner
  }

  var count: Int { plans.count }

  mutating func plan(_ slot: Slot, path: Int, node: Int) -> ModelPlan {
    let policy = scope.policy(of: node)
    let key = (slot.planKey << 1 | UInt64(path)) << 1 | (policy == scope.policy ? 0 : 1)
    if let known = plans[key] { return known }
    let plan = ask(slot, path, policy)
    plans[key] = plan
    return plan
  }

  private func ask(_ slot: Slot, _ path: Int, _ policy: Policy) -> ModelPlan {
    let name = RelativePath(unchecked: scope.paths[path])
    if name.isDirectory { return askAboutFolder(slot, name, policy) }
    let base = scope.base(slot, path: path)
    let (local, remote) = (scope.local(slot), scope.remote(slot))
    let operation = planner.plan(name, base, local, remote, policy, scope.neighbours(slot))
    var plan = ModelPlan()
    guard let operation else { return plan }
    let seenLocal: LocalStamp? = if case .present(let stamp, _) = local { stamp } else { nil }
    let seenRemote: RemoteStamp? = if case .object(let stamp, _) = remote { stamp } else { nil }
    var (usedLocal, usedRemote) = (seenLocal, seenRemote)
    switch operation {
    case .inspectLocal(let stamp): (plan.kind, usedLocal) = (.inspectLocal, stamp)
    case .inspectRemote(let stamp): (plan.kind, usedRemote) = (.inspectRemote, stamp)
    case .compare(let stamp, let version): (plan.kind, usedLocal, usedRemote) = (.compare, stamp, version)
    case .adopt(let stamp, let state):
      (plan.kind, usedLocal) = (.adopt, stamp)
      plan.isBlind = state != remote
    case .forget: plan.kind = .forget
    case .leave: plan.isBlind = true
    case .upload(let stamp, let version):
      (plan.kind, usedLocal, plan.creates) = (.upload, stamp, version == nil)
      usedRemote = version
    case .uploadMetadata(let stamp, let version): (plan.kind, usedLocal, usedRemote) = (.uploadMetadata, stamp, version)
    case .download(let version, let stamp):
      (plan.kind, usedRemote, plan.creates) = (.download, version, stamp == nil)
      usedLocal = stamp
    case .applyMetadata(let version, _, let stamp):
      (plan.kind, usedRemote, usedLocal) = (.applyMetadata, version, stamp)
    case .deleteLocal(let stamp): (plan.kind, usedLocal) = (.deleteLocal, stamp)
    case .deleteRemote(let version): (plan.kind, usedRemote) = (.deleteRemote, version)
    case .yieldToDirectory(let stamp): (plan.kind, usedLocal) = (.yield, stamp)
    case .blocked: plan.kind = .blocked
    case .makeLocalDirectory, .removeLocalDirectory, .putMarker, .deleteMarker: plan.isBlind = true
    }
    if usedLocal != seenLocal || usedRemote != seenRemote { plan.isBlind = true }
    guard let seenLocal, case .object(let version, let metadata?) = remote else { return plan }
    if plan.kind == .compare {
      plan.resolution = Planner.resolve(
        path: name, base: base, local: seenLocal, remote: RemoteObject(stamp: version, metadata: metadata),
        policy: policy, serverNow: Timestamp(seconds: 2_000_000))
    }
    guard let base, base.remote != nil else { return plan }
    let merge = MetadataMerge(base: base, local: seenLocal, remote: metadata)
    plan.keepsMode = merge.hasLocalChanges && merge.result.mode == seenLocal.mode
    if case .applyMetadata(_, let result, _) = operation {
      plan.mode = result.mode == ModelScope.agreedMode ? 0 : 1
      var applied = seenLocal
      applied.mode = result.mode!
      let row = merge.rowStamp(readBack: applied, base: base.local)
      plan.rowMode = row.mode == ModelScope.agreedMode ? 0 : 1
    }
    return plan
  }
}
