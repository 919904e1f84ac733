import Testing

@testable import SyncModel

/// A leaf with contents, on which plans are carried out until none is left: every start must end with both
/// sides equal (I3) and without the loss of a content that nobody replaced knowingly (I1).
@Suite struct PlannerConvergenceTests {
  struct Version: Hashable {
    var content: UInt64
    var mode: UInt32
  }

  /// What the two sides hold, and the version that the base row knows.
  struct World: CustomStringConvertible {
    var local: Version?
    var remote: Version?
    var base: BaseEntry?
    var localTime: Int64 = 1000
    var remoteTime: Int64 = 1000
    var kept: Set<UInt64> = []
    var isLocalRead = false
    var isRemoteRead = false
    var history: [SyncModel.Operation] = []

    var description: String { "\(String(describing: local)) | \(String(describing: remote)) via \(history)" }
  }

  static let versions: [Version?] =
    [nil]
    + [1, 2, 3].flatMap { content in
      [0o600, 0o644].map { Version(content: content, mode: $0) }
    }

  @Test(arguments: [nil, Version(content: 1, mode: 0o600)], [false, true])
  func `all starts converge and lose nothing`(_ agreed: Version?, isProvisional: Bool) {
    for local in Self.versions {
      for remote in Self.versions {
        var world = World(agreed: agreed, isProvisional: isProvisional)
        world.editLocal(to: local)
        world.editRemote(to: remote)
        world.run()
        #expect(world.history.count <= 8, "\(world)")
        #expect(world.local == world.remote, "\(world)")
        #expect((world.base != nil) == (world.local != nil), "\(world)")
        for edited in [local, remote] {
          guard let content = edited?.content, content != agreed?.content else { continue }
          #expect(world.local?.content == content || world.kept.contains(content), "\(world)")
        }
        if let agreed, (local == nil) != (remote == nil), (local ?? remote)?.content == agreed.content {
          #expect(world.local == nil, "a deletion of the known content crosses: \(world)")
        }
      }
    }
  }

  @Test func `changes of different fields meet`() {
    var world = World(agreed: Version(content: 1, mode: 0o600), isProvisional: false)
    world.editLocal(to: Version(content: 1, mode: 0o644))
    world.remoteTime = 5000
    world.run()
    #expect(world.local?.mode == 0o644)
    #expect(world.remote?.mode == 0o644)
  }
}

extension PlannerConvergenceTests.World {
  typealias Version = PlannerConvergenceTests.Version

  init(agreed: Version?, isProvisional: Bool) {
    local = agreed
    remote = agreed
    if agreed != nil { record(local: localStamp!) }
    base?.isProvisional = isProvisional
  }

  mutating func editLocal(to version: Version?) {
    if local != version { localTime += 100 }
    local = version
  }

  mutating func editRemote(to version: Version?) {
    if remote != version { remoteTime += 200 }
    remote = version
  }

  mutating func run() {
    while history.count <= 8, let operation = plan() {
      history.append(operation)
      perform(operation)
    }
  }

  private func plan() -> SyncModel.Operation? {
    Planner.plan(
      path: Given.leaf, base: base,
      local: localStamp.map { .present($0, content: isLocalRead ? fingerprint(local!) : nil) }
        ?? .absent(mount: Given.mount),
      remote: remoteStamp.map { .object($0, metadata: isRemoteRead ? metadata : nil) } ?? .absent,
      policy: Policy())
  }

  /// As an executor would, without the races.
  private mutating func perform(_ operation: SyncModel.Operation) {
    switch operation {
    case .inspectLocal: isLocalRead = true
    case .inspectRemote: isRemoteRead = true
    case .compare(let stamp, let object):
      if local!.content == remote!.content {
        local!.mode = remote!.mode
        record(local: localStamp!)
      } else {
        let resolution = Planner.resolve(
          path: Given.leaf, base: base, local: stamp, remote: RemoteObject(stamp: object, metadata: metadata),
          policy: Policy(), serverNow: Timestamp(seconds: 1_000_000))
        resolution == .localWins ? upload() : download()
      }
    case .adopt: record(local: localStamp!)
    case .forget: base = nil
    case .upload, .uploadMetadata: upload()
    case .download: download()
    case .applyMetadata(_, let result, _):
      let merge = MetadataMerge(base: base!, local: localStamp!, remote: metadata)
      local!.mode = result.mode!
      localTime = result.modified!.seconds
      record(local: merge.rowStamp(readBack: localStamp!, base: base!.local))
    case .deleteLocal:
      kept.insert(local!.content)
      local = nil
      base = nil
    case .deleteRemote:
      remote = nil
      base = nil
    case .makeLocalDirectory, .removeLocalDirectory, .putMarker, .deleteMarker, .yieldToDirectory, .blocked, .leave:
      Issue.record("\(operation) for a lone leaf")
    }
  }

  private mutating func upload() {
    if let remote { kept.insert(remote.content) }
    remote = local
    remoteTime = localTime
    record(local: localStamp!)
  }

  private mutating func download() {
    if let local { kept.insert(local.content) }
    local = remote
    localTime = remoteTime
    record(local: localStamp!)
  }

  private mutating func record(local stamp: LocalStamp) {
    base = BaseEntry(
      path: Given.leaf, local: stamp, remote: remoteStamp, fingerprint: fingerprint(local!), metadata: metadata)
    isLocalRead = false
    isRemoteRead = false
  }

  private var localStamp: LocalStamp? {
    local.map {
      LocalStamp(
        kind: .file, mount: Given.mount, inode: 1, size: 10, modified: Timestamp(seconds: localTime),
        changed: Timestamp(seconds: localTime), mode: $0.mode)
    }
  }

  private var remoteStamp: RemoteStamp? {
    remote.map { RemoteStamp(etag: "\($0.content)", size: 10, lastModified: Timestamp(seconds: remoteTime)) }
  }

  private var metadata: EntryMetadata {
    EntryMetadata(kind: .file, mode: remote?.mode, modified: Timestamp(seconds: remoteTime))
  }

  private func fingerprint(_ version: Version) -> Fingerprint { Fingerprint(size: 10, crc64: version.content) }
}
