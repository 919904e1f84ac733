import Testing

@testable import SyncModel

/// Laws that relate plans with each other.
@Suite struct PlannerSymmetryTests {
  /// What may have happened to a leaf on either side since its base row, in the same words for both.
  enum Change: CaseIterable { case none, metadata, content, deletion }

  static func local(_ change: Change) -> LocalState {
    switch change {
    case .none: .present(Given.local, content: Given.content)
    case .metadata: .present(Given.chmodded, content: Given.content)
    case .content: .present(Given.grown, content: Given.otherContent)
    case .deletion: .absent(mount: Given.mount)
    }
  }

  static func remote(_ change: Change) -> RemoteState {
    switch change {
    case .none: .object(Given.remote, metadata: Given.metadata)
    case .metadata: .object(Given.rewritten, metadata: Given.remoteMode)
    case .content: .object(Given.replaced, metadata: Given.metadata)
    case .deletion: .absent
    }
  }

  /// The same operation in the other direction.
  static func mirrored(_ name: String) -> String {
    [
      "upload": "download", "download": "upload", "uploadMetadata": "applyMetadata",
      "applyMetadata": "uploadMetadata", "deleteLocal": "deleteRemote", "deleteRemote": "deleteLocal",
    ][name] ?? name
  }

  @Test(arguments: Change.allCases, Change.allCases)
  func `what happens here is done there, and the other way round`(_ here: Change, _ there: Change) {
    let plan = name(Planner.plan(path: Given.leaf, base: Given.base, local: here))(there)
    let mirror = name(Planner.plan(path: Given.leaf, base: Given.base, local: there))(here)
    // A field that both changed is the remote's, and a download keeps what only this side changed.
    if here == .metadata, there == .metadata { return }
    #expect(plan == Self.mirrored(mirror), "\(here) here, \(there) there")
  }

  private func name(_ plan: @escaping (Change) -> SyncModel.Operation?) -> (Change) -> String {
    { change in plan(change).map { String(String(describing: $0).prefix { $0 != "(" }) } ?? "nothing" }
  }

  @Test(arguments: Change.allCases)
  func `edit beats delete, and metadata never do`(_ change: Change) {
    let deletedThere = Planner.plan(path: Given.leaf, base: Given.base, local: change)(.deletion)
    let deletedHere = Planner.plan(path: Given.leaf, base: Given.base, local: .deletion)(change)
    switch change {
    case .none, .metadata:
      if case .deleteLocal = deletedThere {} else { Issue.record("\(String(describing: deletedThere))") }
      if case .deleteRemote = deletedHere {} else { Issue.record("\(String(describing: deletedHere))") }
    case .content:
      #expect(deletedThere == .upload(Given.grown, replacing: nil))
      #expect(deletedHere == .download(Given.replaced, replacing: nil))
    case .deletion:
      #expect(deletedThere == .forget)
    }
  }

  /// Who wins a conflict is decided when the contents are known to differ, not before.
  @Test func `plans do not depend on who wins`() {
    var differences: [String] = []
    PlannerLawTests.forEachSituation { situation in
      guard situation.policy == Policy() else { return }
      for (conflict, firstSync) in zip([ConflictPolicy.local, .remote, .keepBoth], FirstSyncPolicy.allCases) {
        var other = situation
        other.policy.conflict = conflict
        other.policy.firstSync = firstSync
        if other.plan != situation.plan { differences.append("\(other)") }
      }
    }
    #expect(differences.isEmpty, "\(differences.first ?? "")")
  }

  /// After what was planned has been done nothing is left to do; after an inspection it is not asked for again.
  @Test func `a plan that was carried out is followed by none`() {
    var unsettled: [String] = []
    var count = 0
    PlannerLawTests.forEachSituation { situation in
      var now = situation
      var history: [SyncModel.Operation] = []
      while history.count < 6, let operation = now.plan, operation != .blocked {
        history.append(operation)
        now.carryOut(operation)
      }
      count += history.count
      if history.count == 6 { unsettled.append("\(situation): \(history)") }
    }
    #expect(unsettled.isEmpty, "\(unsettled.count) such as \(unsettled.first ?? "")")
    #expect(count > 50_000)
  }
}

extension Planner {
  /// With both sides read, as the change of the other one decides.
  fileprivate static func plan(
    path: RelativePath, base: BaseEntry, local: PlannerSymmetryTests.Change
  ) -> (PlannerSymmetryTests.Change) -> SyncModel.Operation? {
    { remote in
      plan(
        path: path, base: base, local: PlannerSymmetryTests.local(local), remote: PlannerSymmetryTests.remote(remote),
        policy: Policy())
    }
  }
}

extension PlannerLawTests.Situation {
  /// As an executor that nobody disturbs.
  mutating func carryOut(_ operation: SyncModel.Operation) {
    switch operation {
    case .inspectLocal(let stamp): local = .present(stamp, content: base?.fingerprint ?? Given.otherContent)
    case .inspectRemote(let stamp): remote = .object(stamp, metadata: base?.metadata ?? Given.metadata)
    case .compare(let stamp, let version): agree(stamp, .object(version))
    case .adopt(let stamp, let state): agree(stamp, state)
    case .forget: base = nil
    case .leave(let stamp):
      base = Given.leftAlone.with { ($0.path, $0.local) = (path, stamp) }
      local = .present(stamp)
    case .upload(let stamp, _), .uploadMetadata(let stamp, _):
      agree(stamp, .object(RemoteStamp(etag: "new", size: stamp.size, lastModified: Timestamp(seconds: 5000))))
    case .download(let version, _):
      agree(Given.local.with { $0.changed = Timestamp(seconds: 5000) }, .object(version))
    case .applyMetadata(let version, let metadata, var stamp):
      stamp.mode = metadata.mode!
      stamp.modified = metadata.modified!
      agree(stamp, .object(version))
    case .deleteLocal, .removeLocalDirectory, .yieldToDirectory:
      local = .absent(mount: Given.mount)
      base = nil
    case .deleteRemote, .deleteMarker:
      remote = .absent
      base = nil
    case .makeLocalDirectory: agree(Given.localDirectory, remote)
    case .putMarker: agree(Given.localDirectory, .marker(Given.marker))
    case .blocked: break
    }
  }

  private mutating func agree(_ stamp: LocalStamp, _ state: RemoteState) {
    let version: RemoteStamp?
    var metadata = stamp.metadata
    switch state {
    case .object(let stamp, let carried):
      version = stamp
      if let carried { metadata = carried }
    case .marker(let stamp): version = stamp
    case .absent, .implied: version = nil
    }
    local = .present(stamp)
    remote = state
    base = BaseEntry(
      path: path, local: stamp, remote: version, fingerprint: path.isDirectory ? nil : Given.content,
      metadata: metadata)
  }
}
