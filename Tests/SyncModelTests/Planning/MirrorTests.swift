import Testing

@testable import SyncModel

/// The cells that `Policy.mirror` changes; see docs/planner.md.
@Suite struct MirrorTests {
  private static let gone = LocalState.absent(mount: Given.mount)
  private static let below = Neighbours(remoteHasDescendants: true)

  struct Cell: Sendable, CustomTestStringConvertible {
    var name: String
    var path = Given.leaf
    var base: BaseEntry?
    var local: LocalState
    var remote: RemoteState
    var neighbours = Neighbours()
    var down: SyncModel.Operation?
    var up: SyncModel.Operation?
    /// Without a mirror.
    var usual: SyncModel.Operation?
    var testDescription: String { name }
  }

  static let rowless: [Cell] = [nil, Given.apart, Given.base.with { $0.remote = nil }].flatMap { base in
    [
      Cell(
        name: "present × absent", base: base, local: .present(Given.grown), remote: .absent,
        down: .deleteLocal(Given.grown), up: .upload(Given.grown, replacing: nil),
        usual: .upload(Given.grown, replacing: nil)),
      Cell(
        name: "absent × object", base: base, local: gone, remote: .object(Given.replaced),
        down: .download(Given.replaced, replacing: nil), up: .deleteRemote(Given.replaced),
        usual: .download(Given.replaced, replacing: nil)),
      Cell(
        name: "a folder of its name here × object", base: base, local: .present(Given.localDirectory),
        remote: .object(Given.replaced), down: .blocked, up: .deleteRemote(Given.replaced), usual: .blocked),
      Cell(
        name: "present × a folder of its name", base: base, local: .present(Given.grown), remote: .absent,
        neighbours: below, down: .deleteLocal(Given.grown), up: .yieldToDirectory(Given.grown),
        usual: .yieldToDirectory(Given.grown)),
      Cell(
        name: "present × object", base: base, local: .present(Given.grown), remote: .object(Given.replaced),
        down: .compare(Given.grown, Given.replaced), up: .compare(Given.grown, Given.replaced),
        usual: .compare(Given.grown, Given.replaced)),
    ]
  }

  static let rows: [Cell] = [
    Cell(
      name: "deleted × unchanged", base: Given.base, local: gone, remote: .object(Given.remote),
      down: .download(Given.remote, replacing: nil), up: .deleteRemote(Given.remote),
      usual: .deleteRemote(Given.remote)),
    Cell(
      name: "unchanged × absent", base: Given.base, local: .present(Given.local), remote: .absent,
      down: .deleteLocal(Given.local), up: .upload(Given.local, replacing: nil), usual: .deleteLocal(Given.local)),
    Cell(
      name: "changed × absent", base: Given.base, local: .present(Given.grown), remote: .absent,
      down: .upload(Given.grown, replacing: nil), up: .upload(Given.grown, replacing: nil),
      usual: .upload(Given.grown, replacing: nil)),
    Cell(
      name: "absent elsewhere", base: Given.base, local: .absent(mount: Given.otherMount),
      remote: .object(Given.remote)),
  ]

  static let directories: [Cell] = [
    Cell(
      name: "here only", path: Given.directory, local: .present(Given.localDirectory), remote: .absent,
      down: .removeLocalDirectory(Given.localDirectory), up: .putMarker, usual: .putMarker),
    Cell(
      name: "marker only", path: Given.directory, local: gone, remote: .marker(Given.marker),
      down: .makeLocalDirectory, up: .deleteMarker(Given.marker), usual: .makeLocalDirectory),
    Cell(
      name: "marker with bytes", path: Given.directory, local: gone,
      remote: .marker(Given.marker.with { $0.size = 1 }), down: .makeLocalDirectory, up: .makeLocalDirectory,
      usual: .makeLocalDirectory),
    Cell(
      name: "row, marker gone", path: Given.directory, base: Given.directoryBase, local: .present(Given.localDirectory),
      remote: .absent, down: .removeLocalDirectory(Given.localDirectory), up: .putMarker,
      usual: .removeLocalDirectory(Given.localDirectory)),
    Cell(
      name: "row, folder gone", path: Given.directory, base: Given.directoryBase, local: gone,
      remote: .marker(Given.marker), down: .makeLocalDirectory, up: .deleteMarker(Given.marker),
      usual: .deleteMarker(Given.marker)),
  ]

  @Test(arguments: rowless + rows + directories) func `one side becomes what the other is`(_ cell: Cell) {
    func plan(_ mirror: SyncDirection?) -> SyncModel.Operation? {
      Planner.plan(
        path: cell.path, base: cell.base, local: cell.local, remote: cell.remote,
        policy: Policy().with { $0.mirror = mirror }, neighbours: cell.neighbours)
    }
    #expect(plan(.down) == cell.down)
    #expect(plan(.up) == cell.up)
    #expect(plan(nil) == cell.usual)
  }

  /// A side that may not be changed is no mirror: what it alone has goes across.
  @Test func `one direction decides`() {
    func plan(_ mirror: SyncDirection, _ local: LocalState, _ remote: RemoteState) -> SyncModel.Operation? {
      let policy = Policy().with {
        $0.mirror = mirror
        if mirror == .down { $0.changesLocal = false } else { $0.changesRemote = false }
      }
      return Planner.plan(path: Given.leaf, base: nil, local: local, remote: remote, policy: policy)
    }
    #expect(plan(.down, .present(Given.local), .absent) == .upload(Given.local, replacing: nil))
    #expect(plan(.up, Self.gone, .object(Given.remote)) == .download(Given.remote, replacing: nil))
  }
}
