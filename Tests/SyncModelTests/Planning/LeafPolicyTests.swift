import Testing

@testable import SyncModel

@Suite struct LeafPolicyTests {
  @Test(arguments: [
    LocalState.present(Given.local), .present(Given.otherInode, content: Given.content),
    .present(Given.chmodded, content: Given.content),
  ])
  func `where remote deletions do not cross, the object is put back`(_ local: LocalState) throws {
    guard case .present(let stamp, _) = local else { return }
    let policy = Policy().with { $0.deletesLocal = false }
    #expect(plan(local, .absent, policy) == .upload(stamp, replacing: nil))
  }

  @Test(arguments: [Given.remote, Given.rewritten])
  func `where local deletions do not cross, the file is copied back`(_ stamp: RemoteStamp) {
    let policy = Policy().with { $0.deletesRemote = false }
    #expect(plan(.absent(mount: Given.mount), .object(stamp), policy) == .download(stamp, replacing: nil))
  }

  @Test func `a suspect leaf is still read where remote deletions do not cross`() {
    let policy = Policy().with { $0.deletesLocal = false }
    #expect(plan(.present(Given.retimed), .absent, policy) == .inspectLocal(Given.retimed))
  }

  private func plan(_ local: LocalState, _ remote: RemoteState, _ policy: Policy) -> SyncModel.Operation? {
    Planner.plan(path: Given.leaf, base: Given.base, local: local, remote: remote, policy: policy)
  }
}

@Suite struct LeafNeighbourTests {
  static let below = Neighbours(remoteHasDescendants: true)
  static let directory = Neighbours(localIsDirectory: true)
  static let gone = LocalState.absent(mount: Given.mount)

  @Test(arguments: [RemoteState.object(Given.remote), .object(Given.replaced), .object(Given.rewritten)])
  func `a leaf whose name is a directory in the bucket yields to it`(_ remote: RemoteState) {
    #expect(plan(Given.base, .present(Given.local), remote, Self.below) == .yieldToDirectory(Given.local))
    #expect(plan(nil, .present(Given.local), remote, Self.below) == .yieldToDirectory(Given.local))
    #expect(plan(Given.base, .present(Given.retimed), remote, Self.below) == .yieldToDirectory(Given.retimed))
  }

  @Test func `an unsynced or edited leaf yields too`() {
    #expect(plan(nil, .present(Given.local), .absent, Self.below) == .yieldToDirectory(Given.local))
    #expect(plan(Given.base, .present(Given.grown), .absent, Self.below) == .yieldToDirectory(Given.grown))
  }

  @Test func `a leaf that the remote replaced by a directory is deleted, not kept`() {
    #expect(plan(Given.base, .present(Given.local), .absent, Self.below) == .deleteLocal(Given.local))
    let chmodded = LocalState.present(Given.chmodded, content: Given.content)
    #expect(plan(Given.base, chmodded, .absent, Self.below) == .deleteLocal(Given.chmodded))
    #expect(plan(Given.base, .present(Given.retimed), .absent, Self.below) == .inspectLocal(Given.retimed))
  }

  @Test func `where deletions do not cross, that leaf yields`() {
    let policy = Policy().with { $0.deletesLocal = false }
    #expect(plan(Given.base, .present(Given.local), .absent, Self.below, policy) == .yieldToDirectory(Given.local))
  }

  @Test(arguments: [below, directory])
  func `an object whose name is a directory is blocked`(_ neighbours: Neighbours) {
    #expect(plan(nil, Self.gone, .object(Given.remote), neighbours) == .blocked)
    #expect(plan(Given.base, Self.gone, .object(Given.replaced), neighbours) == .blocked)
    #expect(plan(Given.localChangedBase, Self.gone, .object(Given.remote), neighbours) == .blocked)
  }

  @Test(arguments: [below, directory])
  func `a leaf that the user replaced by a directory is deleted in the bucket`(_ neighbours: Neighbours) {
    #expect(plan(Given.base, Self.gone, .object(Given.remote), neighbours) == .deleteRemote(Given.remote))
    #expect(plan(Given.base, Self.gone, .object(Given.rewritten), neighbours) == .deleteRemote(Given.rewritten))
  }

  @Test func `without deletions it is blocked`() {
    let policy = Policy().with { $0.deletesRemote = false }
    #expect(plan(Given.base, Self.gone, .object(Given.remote), Self.directory, policy) == .blocked)
  }

  @Test func `a directory seen under the leaf's own name is the same`() {
    let local = LocalState.present(Given.localDirectory)
    #expect(plan(Given.base, local, .object(Given.remote), Neighbours()) == .deleteRemote(Given.remote))
    #expect(plan(nil, local, .object(Given.remote), Neighbours()) == .blocked)
    #expect(plan(nil, local, .absent, Neighbours()) == nil)
  }

  @Test(arguments: [below, directory])
  func `rows of leaves that are gone are dropped`(_ neighbours: Neighbours) {
    #expect(plan(Given.base, Self.gone, .absent, neighbours) == .forget)
    #expect(plan(nil, Self.gone, .absent, neighbours) == nil)
  }

  private func plan(
    _ base: BaseEntry?, _ local: LocalState, _ remote: RemoteState, _ neighbours: Neighbours,
    _ policy: Policy = Policy()
  ) -> SyncModel.Operation? {
    Planner.plan(
      path: Given.leaf, base: base, local: local, remote: remote, policy: policy, neighbours: neighbours)
  }
}
