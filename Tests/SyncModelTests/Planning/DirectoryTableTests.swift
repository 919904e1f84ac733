import Testing

@testable import SyncModel

@Suite struct DirectoryTableTests {
  static let here = LocalState.present(Given.localDirectory)
  static let gone = LocalState.absent(mount: Given.mount)
  static let marker = RemoteState.marker(Given.marker)
  static let holding = Neighbours(localHasEntries: true)
  static let noMarkers = Policy().with { $0.directories = .none }
  static let keepsLocal = Policy().with { $0.deletesLocal = false }
  static let keepsRemote = Policy().with { $0.deletesRemote = false }

  // Without a row.
  @Test(arguments: [marker, .implied])
  func `a directory on both sides is adopted`(_ remote: RemoteState) {
    #expect(plan(nil, Self.here, remote) == .adopt(Given.localDirectory, remote))
    #expect(plan(nil, Self.here, remote, Self.noMarkers) == .adopt(Given.localDirectory, remote))
  }
  @Test func `an empty new directory gets a marker`() {
    #expect(plan(nil, Self.here, .absent) == .putMarker)
    #expect(plan(nil, Self.here, .absent, Self.noMarkers) == nil)
  }
  @Test func `a directory that holds something needs no marker`() {
    #expect(plan(nil, Self.here, .absent, neighbours: Self.holding) == nil)
  }
  @Test func `a marker makes a directory`() {
    #expect(plan(nil, Self.gone, Self.marker) == .makeLocalDirectory)
    #expect(plan(nil, Self.gone, Self.marker, Self.noMarkers) == nil)
    #expect(plan(nil, Self.gone, .object(Given.marker)) == .makeLocalDirectory)
  }
  @Test func `an implied directory comes with its files`() {
    #expect(plan(nil, Self.gone, .implied) == nil)
    #expect(plan(nil, Self.gone, .absent) == nil)
  }

  // `--directories all`.
  @Test func `every directory gets a marker`() {
    let all = Policy().with { $0.directories = .all }
    let local = Given.localDirectory
    let unmarked = Given.directoryBase.with { $0.remote = nil }
    #expect(plan(nil, Self.here, .absent, all, neighbours: Self.holding) == .putMarker)
    #expect(plan(nil, Self.here, .implied, all) == .putMarker)
    #expect(plan(unmarked, Self.here, .implied, all, neighbours: Self.holding) == .putMarker)
    #expect(plan(unmarked, Self.here, Self.marker, all) == .adopt(local, Self.marker))
    #expect(plan(Given.directoryBase, Self.here, Self.marker, all) == nil)
    #expect(plan(Given.directoryBase, Self.here, .absent, all) == .removeLocalDirectory(local))
    #expect(plan(Given.directoryBase, Self.gone, Self.marker, all) == .deleteMarker(Given.marker))
  }
  /// Somebody may be taking the directory away, the marker before the files.
  @Test func `a marker that is gone is not put back beside files`() {
    let all = Policy().with { $0.directories = .all }
    #expect(plan(Given.directoryBase, Self.here, .implied, all) == nil)
  }

  // With a row.
  @Test(arguments: [marker, .implied, .marker(Given.marker.with { $0.etag = "other" })])
  func `a known directory on both sides is in sync`(_ remote: RemoteState) {
    #expect(plan(Given.directoryBase, Self.here, remote) == nil)
    #expect(plan(Given.directoryBase.with { $0.remote = nil }, Self.here, remote) == nil)
  }
  @Test func `a directory that left the bucket is removed`() {
    #expect(plan(Given.directoryBase, Self.here, .absent) == .removeLocalDirectory(Given.localDirectory))
    #expect(
      plan(Given.directoryBase, Self.here, .absent, Self.noMarkers) == .removeLocalDirectory(Given.localDirectory))
  }
  /// By rmdir: most of what it holds goes in the same flush, what stays keeps it.
  @Test func `a directory that left the bucket is planned away with what it holds`() {
    #expect(
      plan(Given.directoryBase, Self.here, .absent, neighbours: Self.holding)
        == .removeLocalDirectory(Given.localDirectory))
  }
  @Test func `where deletions do not cross, its marker is put back`() {
    #expect(plan(Given.directoryBase, Self.here, .absent, Self.keepsLocal) == .putMarker)
    let neither = Self.keepsLocal.with { $0.directories = .none }
    #expect(plan(Given.directoryBase, Self.here, .absent, neither) == nil)
  }
  @Test func `a removed directory loses its marker`() {
    #expect(plan(Given.directoryBase, Self.gone, Self.marker) == .deleteMarker(Given.marker))
    #expect(plan(Given.directoryBase, Self.gone, Self.marker, Self.keepsRemote) == .makeLocalDirectory)
    #expect(plan(Given.directoryBase, Self.gone, Self.marker, Self.noMarkers) == nil)
  }
  @Test func `a marker that holds bytes is never deleted`() {
    let full = Given.marker.with { $0.size = 3 }
    #expect(plan(Given.directoryBase, Self.gone, .marker(full)) == .makeLocalDirectory)
  }
  @Test func `keys below a removed directory decide for themselves`() {
    #expect(plan(Given.directoryBase, Self.gone, .implied) == nil)
  }
  @Test func `a directory that both sides lost is forgotten`() {
    #expect(plan(Given.directoryBase, Self.gone, .absent) == .forget)
  }
  @Test(arguments: [marker, .implied, .absent])
  func `absence on another mount proves nothing`(_ remote: RemoteState) {
    #expect(plan(Given.directoryBase, .absent(mount: Given.otherMount), remote) == nil)
  }
  @Test func `a folder on another mount is not the one that may go`() {
    let elsewhere = Given.localDirectory.with { $0.mount = Given.otherMount }
    #expect(plan(Given.directoryBase, .present(elsewhere), .absent) == nil)
  }
  @Test func `a leaf in its place means that the directory is gone`() {
    #expect(plan(Given.directoryBase, .present(Given.local), Self.marker) == .deleteMarker(Given.marker))
    #expect(plan(Given.directoryBase, .present(Given.local), .absent) == .forget)
  }
  @Test(arguments: [marker, .implied, .absent])
  func `what is never synced is left alone`(_ remote: RemoteState) {
    #expect(plan(Given.directoryBase, .unsupported, remote) == nil)
    #expect(plan(nil, .unsupported, remote) == nil)
  }
  @Test func `the root is never planned`() {
    let planned = Planner.plan(
      path: .root, base: Given.directoryBase, local: Self.here, remote: .absent, policy: Policy())
    #expect(planned == nil)
  }

  private func plan(
    _ base: BaseEntry?, _ local: LocalState, _ remote: RemoteState, _ policy: Policy = Policy(),
    neighbours: Neighbours = Neighbours()
  ) -> SyncModel.Operation? {
    Planner.plan(
      path: Given.directory, base: base, local: local, remote: remote, policy: policy, neighbours: neighbours)
  }
}
