import Testing

@testable import SyncModel

/// Every combination of a small domain. The laws are the invariants as far as a plan can break them.
@Suite struct PlannerLawTests {
  struct Situation {
    var path: RelativePath
    var base: BaseEntry?
    var local: LocalState
    var remote: RemoteState
    var policy: Policy
    var neighbours: Neighbours

    var plan: SyncModel.Operation? {
      Planner.plan(path: path, base: base, local: local, remote: remote, policy: policy, neighbours: neighbours)
    }
    var localStamp: LocalStamp? {
      if case .present(let stamp, _) = local { stamp } else { nil }
    }
    var isLocalLeafAbsent: Bool {
      switch local {
      case .absent: true
      case .present(let stamp, _): stamp.kind == .directory
      case .unsupported: false
      }
    }
    var localContent: Fingerprint? {
      if case .present(_, let content) = local { content } else { nil }
    }
    var remoteStamp: RemoteStamp? {
      switch remote {
      case .object(let stamp, _), .marker(let stamp): stamp
      case .absent, .implied: nil
      }
    }
    var remoteMetadata: EntryMetadata? {
      if case .object(_, let metadata) = remote { metadata } else { nil }
    }
    var remoteHasBaseContent: Bool {
      guard let base, let known = base.remote, let seen = remoteStamp else { return false }
      return seen.hasSameContent(as: known) && remoteMetadata?.kind != .symlink
    }
    /// No row proves that both sides had the leaf.
    var isUnknown: Bool { base?.remote == nil || isApart }
    /// Nothing was ever agreed about the leaf.
    var isApart: Bool { base?.isApart ?? false }
    /// A fresh look at the local side found nothing where the base knew something.
    var isProvenLocalDeletion: Bool {
      guard let base else { return false }
      return switch local {
      case .absent(let mount): mount == base.local.mount
      case .present(let stamp, _): stamp.mount == base.local.mount && (stamp.kind == .directory) != path.isDirectory
      case .unsupported: false
      }
    }
  }

  @Test func `every situation has a plan that keeps the laws`() {
    var count = 0
    var kinds: Set<String> = []
    var unlawful: [String] = []
    Self.forEachSituation { situation in
      count += 1
      let operation = situation.plan
      kinds.insert(Self.name(operation))
      if !Self.isLawful(operation, situation) {
        unlawful.append("\(String(describing: operation)) for \(situation)")
      }
    }
    #expect(unlawful.isEmpty, "\(unlawful.count) such as \(unlawful.first ?? "")")
    #expect(count > 100_000)
    // All operations of the vocabulary, and none at all.
    #expect(kinds.count == 19, "\(kinds.sorted())")
  }

  private static func name(_ operation: SyncModel.Operation?) -> String {
    guard let operation else { return "nil" }
    return String(String(describing: operation).prefix { $0 != "(" })
  }

  private static func isLawful(_ operation: SyncModel.Operation?, _ now: Situation) -> Bool {
    let remoteIsBase = now.remoteHasBaseContent
    switch operation {
    case nil, .blocked:
      return true
    case .inspectLocal(let local):
      // Progress: what was read is not read again.
      return local == now.localStamp && now.localContent == nil && now.base != nil
    case .inspectRemote(let remote):
      return remote == now.remoteStamp && now.remoteMetadata == nil && remoteIsBase
    case .compare(let local, let remote):
      return local == now.localStamp && remote == now.remoteStamp && (!remoteIsBase || now.isApart)
    case .adopt(let local, let remote):
      return (!now.isApart || now.path.isDirectory) && local == now.localStamp && remote == now.remote
        && remote != .absent
        && (now.path.isDirectory || now.localContent == Given.content || now.base?.isProvisional == false)
    case .forget:
      return now.base != nil && now.remote == .absent && (now.isProvenLocalDeletion || now.base?.remote == nil)
    case .leave(let local):
      return local == now.localStamp && now.remote == .absent && now.base == nil
        && now.policy.existing == .leftAlone(isMeeting: true)
    case .upload(let local, let replaced):
      return local == now.localStamp && replaced == now.remoteStamp && (replaced == nil || remoteIsBase && !now.isApart)
        && local.kind != .directory && !now.neighbours.remoteHasDescendants
    case .uploadMetadata(let local, let replaced):
      return local == now.localStamp && replaced == now.remoteStamp && remoteIsBase
        && now.localContent == now.base?.fingerprint
    case .download(let remote, let replaced):
      let isNameFree = !now.neighbours.localIsDirectory && !now.neighbours.remoteHasDescendants
      guard remote == now.remoteStamp else { return false }
      return if let replaced {
        replaced == now.localStamp && replaced.mayHoldSameContent(as: now.base!.local)
          && now.base!.isAgreed && now.localContent != Given.otherContent
      } else {
        isNameFree && now.isLocalLeafAbsent && (now.base?.remote == nil || now.isProvenLocalDeletion)
      }
    case .applyMetadata(let remote, let metadata, let local):
      return remote == now.remoteStamp && local == now.localStamp && remoteIsBase && metadata != local.metadata
        && metadata.kind == local.kind
    case .deleteLocal(let local):
      if now.isUnknown { return now.policy.mirror == .down && local == now.localStamp && now.remote == .absent }
      guard let base = now.base, now.policy.mirror != .up else { return false }
      return local == now.localStamp && now.remote == .absent && now.policy.deletesLocal && base.isAgreed
        && local.mayHoldSameContent(as: base.local) && base.remote != nil
        && (now.localContent == base.fingerprint || local == base.local && !base.isProvisional)
        && now.localContent != Given.otherContent
    case .deleteRemote(let remote):
      if now.isUnknown { return now.policy.mirror == .up && remote == now.remoteStamp && now.isLocalLeafAbsent }
      if now.policy.mirror == .down { return false }
      return remote == now.remoteStamp && remoteIsBase && now.isProvenLocalDeletion && now.policy.deletesRemote
        && now.base?.isAgreed == true
    case .makeLocalDirectory:
      return now.path.isDirectory && now.remoteStamp != nil && now.policy.directories != .none
    case .removeLocalDirectory(let local):
      // By rmdir, which takes only an empty one.
      if now.base == nil || now.isApart {
        return now.policy.mirror == .down && local == now.localStamp && now.remote == .absent
      }
      return local == now.localStamp && now.remote == .absent && now.policy.deletesLocal && now.policy.mirror != .up
        && local.mount == now.base?.local.mount
    case .putMarker:
      guard now.localStamp?.kind == .directory else { return false }
      switch now.policy.directories {
      case .none: return false
      case .empty: return now.remote == .absent && !now.neighbours.localHasEntries
      // One that was there and is gone is not put back beside files.
      case .all: return now.remote == .absent || now.remote == .implied && now.base?.remote == nil
      }
    case .deleteMarker(let marker):
      guard marker == now.remoteStamp, marker.size == 0, now.policy.directories != .none else { return false }
      if now.base == nil || now.isApart { return now.policy.mirror == .up && now.localStamp?.kind != .directory }
      return now.isProvenLocalDeletion && now.policy.deletesRemote && now.policy.mirror != .down
    case .yieldToDirectory(let local):
      return local == now.localStamp && now.neighbours.remoteHasDescendants
    }
  }
}

// The domain.
extension PlannerLawTests {
  static func forEachSituation(_ body: (Situation) -> Void) {
    for policy in policies {
      for local in locals {
        for (path, bases, neighbours, remotes) in [
          (Given.leaf, leafBases, leafNeighbours, leafRemotes),
          (Given.directory, directoryBases, directoryNeighbours, directoryRemotes),
        ] {
          for remote in remotes {
            for base in [nil] + bases {
              for neighbours in neighbours {
                body(
                  Situation(
                    path: path, base: base, local: local, remote: remote, policy: policy, neighbours: neighbours))
              }
            }
          }
        }
      }
    }
  }

  private static let flags = [false, true]

  private static var policies: [Policy] {
    flags.flatMap { deletesLocal in
      flags.flatMap { deletesRemote in
        DirectoryPolicy.allCases.map { directories in
          Policy().with {
            $0.deletesLocal = deletesLocal
            $0.deletesRemote = deletesRemote
            $0.directories = directories
          }
        }
      }
    } + [Policy().with { $0.comparison = .noOverwrite }]
      + flags.flatMap { isMeeting in
        flags.map { installs in
          Policy().with {
            $0.existing = .leftAlone(isMeeting: isMeeting)
            $0.installs = installs
          }
        }
      }
      + SyncDirection.allCases.map { direction in Policy().with { $0.mirror = direction } }
  }

  private static let leafNeighbours = flags.flatMap { below in
    flags.map { Neighbours(remoteHasDescendants: below, localIsDirectory: $0) }
  }

  private static let directoryNeighbours = flags.map { Neighbours(localHasEntries: $0) }

  private static var locals: [LocalState] {
    let stamps = [
      Given.local, Given.otherInode, Given.chmodded, Given.retimed, Given.grown, Given.link, Given.localDirectory,
      Given.local.with { $0.mount = Given.otherMount }, Given.localDirectory.with { $0.mount = Given.otherMount },
    ]
    let contents = [nil, Given.content, Given.otherContent]
    return stamps.flatMap { stamp in contents.map { LocalState.present(stamp, content: $0) } }
      + [.absent(mount: Given.mount), .absent(mount: Given.otherMount), .unsupported]
  }

  private static var leafRemotes: [RemoteState] {
    let stamps = [
      Given.remote, Given.rewritten, Given.replaced, Given.remote.with { $0.lastModified = Timestamp(seconds: 1) },
    ]
    let metadata = [
      nil, Given.metadata, Given.remoteMode, Given.remoteTime, EntryMetadata(kind: .file),
      EntryMetadata(kind: .symlink),
    ]
    return stamps.flatMap { stamp in metadata.map { RemoteState.object(stamp, metadata: $0) } }
      + [.absent, .implied, .marker(Given.marker), .marker(Given.marker.with { $0.size = 1 })]
  }

  private static var directoryRemotes: [RemoteState] {
    [
      .absent, .implied, .marker(Given.marker), .marker(Given.marker.with { $0.size = 1 }), .object(Given.marker),
    ]
  }

  private static var leafBases: [BaseEntry] {
    [
      Given.base, Given.provisionalBase, Given.localChangedBase, Given.base.with { $0.remote = nil },
      Given.provisionalBase.with { $0.isLocalChanged = true }, Given.apart,
      Given.apart.with { $0.isProvisional = true }, Given.leftAlone,
    ]
  }

  private static var directoryBases: [BaseEntry] {
    [
      Given.directoryBase, Given.directoryBase.with { $0.remote = nil },
      Given.directoryBase.with { ($0.remote, $0.isApart) = (nil, true) },
    ]
  }
}
