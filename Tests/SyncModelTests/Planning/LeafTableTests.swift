import Testing

@testable import SyncModel

/// One row of docs/planner.md: a local and a remote state beside a base row, and what is planned.
struct LeafCell: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var base = Given.base
  var local: LocalState
  var remote: RemoteState
  var expected: SyncModel.Operation?

  init(
    _ name: String, base: BaseEntry = Given.base, _ local: LocalState, _ remote: RemoteState,
    _ expected: SyncModel.Operation?
  ) {
    testDescription = name
    self.base = base
    self.local = local
    self.remote = remote
    self.expected = expected
  }
}

@Suite struct LeafTableTests {
  static let unchanged = LocalState.present(Given.local)
  static let refreshed = LocalState.present(Given.otherInode, content: Given.content)
  static let metadata = LocalState.present(Given.chmodded, content: Given.content)
  static let suspect = LocalState.present(Given.retimed)
  static let edited = LocalState.present(Given.retimed, content: Given.otherContent)
  static let deleted = LocalState.absent(mount: Given.mount)

  static let same = RemoteState.object(Given.remote)
  static let written = RemoteState.object(Given.rewritten, metadata: Given.metadata)
  static let touched = RemoteState.object(Given.rewritten)
  static let remoteMetadata = RemoteState.object(Given.rewritten, metadata: Given.remoteMode)
  static let replaced = RemoteState.object(Given.replaced)

  @Test(arguments: [
    LeafCell("unchanged × unchanged", unchanged, same, nil),
    LeafCell("unchanged × refreshed", unchanged, written, .adopt(Given.local, written)),
    LeafCell("unchanged × touched", unchanged, touched, .inspectRemote(Given.rewritten)),
    LeafCell(
      "unchanged × metadata", unchanged, remoteMetadata,
      .applyMetadata(Given.rewritten, Given.remoteMode, to: Given.local)),
    LeafCell("unchanged × changed", unchanged, replaced, .download(Given.replaced, replacing: Given.local)),
    LeafCell("unchanged × absent", unchanged, .absent, .deleteLocal(Given.local)),
  ])
  func `an unchanged local leaf follows the object`(_ cell: LeafCell) { check(cell) }

  @Test(arguments: [
    LeafCell("refreshed × unchanged", refreshed, same, .adopt(Given.otherInode, same)),
    LeafCell("refreshed × refreshed", refreshed, written, .adopt(Given.otherInode, written)),
    LeafCell("refreshed × touched", refreshed, touched, .inspectRemote(Given.rewritten)),
    LeafCell(
      "refreshed × metadata", refreshed, remoteMetadata,
      .applyMetadata(Given.rewritten, Given.remoteMode, to: Given.otherInode)),
    LeafCell("refreshed × changed", refreshed, replaced, .download(Given.replaced, replacing: Given.otherInode)),
    LeafCell("refreshed × absent", refreshed, .absent, .deleteLocal(Given.otherInode)),
  ])
  func `a refreshed local leaf follows the object`(_ cell: LeafCell) { check(cell) }

  @Test(arguments: [
    LeafCell("metadata × unchanged", metadata, same, .uploadMetadata(Given.chmodded, replacing: Given.remote)),
    LeafCell("metadata × refreshed", metadata, written, .uploadMetadata(Given.chmodded, replacing: Given.rewritten)),
    LeafCell("metadata × touched", metadata, touched, .inspectRemote(Given.rewritten)),
    LeafCell(
      "metadata × metadata", metadata, remoteMetadata,
      .applyMetadata(Given.rewritten, Given.remoteMode, to: Given.chmodded)),
    LeafCell("metadata × changed", metadata, replaced, .download(Given.replaced, replacing: Given.chmodded)),
    LeafCell("metadata × absent", metadata, .absent, .deleteLocal(Given.chmodded)),
  ])
  func `local metadata goes up but never beats content or deletion`(_ cell: LeafCell) { check(cell) }

  @Test(arguments: [
    LeafCell("suspect × unchanged", suspect, same, .inspectLocal(Given.retimed)),
    LeafCell("suspect × refreshed", suspect, written, .inspectLocal(Given.retimed)),
    LeafCell("suspect × touched", suspect, touched, .inspectLocal(Given.retimed)),
    LeafCell("suspect × metadata", suspect, remoteMetadata, .inspectLocal(Given.retimed)),
    LeafCell("suspect × changed", suspect, replaced, .inspectLocal(Given.retimed)),
    LeafCell("suspect × absent", suspect, .absent, .inspectLocal(Given.retimed)),
  ])
  func `a suspect local leaf is read before anything else`(_ cell: LeafCell) { check(cell) }

  @Test(arguments: [
    LeafCell("changed × unchanged", edited, same, .upload(Given.retimed, replacing: Given.remote)),
    LeafCell("changed × refreshed", edited, written, .upload(Given.retimed, replacing: Given.rewritten)),
    LeafCell("changed × touched", edited, touched, .upload(Given.retimed, replacing: Given.rewritten)),
    LeafCell("changed × metadata", edited, remoteMetadata, .upload(Given.retimed, replacing: Given.rewritten)),
    LeafCell("changed × changed", edited, replaced, .compare(Given.retimed, Given.replaced)),
    LeafCell("changed × absent", edited, .absent, .upload(Given.retimed, replacing: nil)),
  ])
  func `a changed local leaf goes up`(_ cell: LeafCell) { check(cell) }

  @Test(arguments: [
    LeafCell("deleted × unchanged", deleted, same, .deleteRemote(Given.remote)),
    LeafCell("deleted × refreshed", deleted, written, .deleteRemote(Given.rewritten)),
    LeafCell("deleted × touched", deleted, touched, .deleteRemote(Given.rewritten)),
    LeafCell("deleted × metadata", deleted, remoteMetadata, .deleteRemote(Given.rewritten)),
    LeafCell("deleted × changed", deleted, replaced, .download(Given.replaced, replacing: nil)),
    LeafCell("deleted × absent", deleted, .absent, .forget),
  ])
  func `a local deletion deletes the version it knew`(_ cell: LeafCell) { check(cell) }

  @Test(arguments: [
    LeafCell(
      "discarded × unchanged", base: Given.localChangedBase, deleted, same, .download(Given.remote, replacing: nil)),
    LeafCell(
      "discarded × touched", base: Given.localChangedBase, deleted, touched, .download(Given.rewritten, replacing: nil)),
    LeafCell(
      "discarded × changed", base: Given.localChangedBase, deleted, replaced, .download(Given.replaced, replacing: nil)),
    LeafCell("discarded × absent", base: Given.localChangedBase, deleted, .absent, .forget),
  ])
  func `deleting a version that never went up deletes nothing else`(_ cell: LeafCell) { check(cell) }

  @Test(arguments: [same, written, touched, remoteMetadata, replaced, .absent])
  func `an absence on another mount proves nothing`(_ remote: RemoteState) {
    check(LeafCell("unproven", .absent(mount: Given.otherMount), remote, nil))
  }

  @Test(arguments: [same, written, touched, remoteMetadata, replaced, .absent])
  func `what is never synced is left alone`(_ remote: RemoteState) {
    check(LeafCell("unsupported", .unsupported, remote, nil))
    #expect(
      Planner.plan(path: Given.leaf, base: nil, local: .unsupported, remote: remote, policy: Policy()) == nil)
  }

  @Test func `a mount that went away stops downloads too`() {
    check(LeafCell("unknown × changed", .absent(mount: Given.otherMount), Self.replaced, nil))
  }

  private func check(_ cell: LeafCell) {
    let planned = Planner.plan(
      path: Given.leaf, base: cell.base, local: cell.local, remote: cell.remote, policy: Policy())
    #expect(planned == cell.expected)
  }
}

@Suite struct LeafWithoutBaseTests {
  static let here = LocalState.present(Given.local)
  static let gone = LocalState.absent(mount: Given.mount)
  static let there = RemoteState.object(Given.remote)

  @Test func `nothing on either side is nothing to do`() {
    #expect(plan(Self.gone, .absent) == nil)
  }
  @Test func `a new local leaf is created in the bucket`() {
    #expect(plan(Self.here, .absent) == .upload(Given.local, replacing: nil))
  }
  @Test func `a new object is created in the root`() {
    #expect(plan(Self.gone, Self.there) == .download(Given.remote, replacing: nil))
    #expect(plan(.absent(mount: Given.otherMount), Self.there) == .download(Given.remote, replacing: nil))
  }
  @Test func `both present are compared`() {
    #expect(plan(Self.here, Self.there) == .compare(Given.local, Given.remote))
  }

  @Test func `a leaf's row without remote version counts as none, and goes`() {
    let base = Given.base.with { $0.remote = nil }
    #expect(plan(Self.here, Self.there, base) == .compare(Given.local, Given.remote))
    #expect(plan(Self.here, .absent, base) == .upload(Given.local, replacing: nil))
    #expect(plan(Self.gone, Self.there, base) == .download(Given.remote, replacing: nil))
    #expect(plan(Self.gone, .absent, base) == .forget)
  }

  @Test(arguments: [RemoteState.implied, .marker(Given.marker)])
  func `a directory's remote state says nothing about a leaf`(_ remote: RemoteState) {
    #expect(plan(Self.here, remote) == nil)
    #expect(plan(Self.gone, remote, Given.base) == nil)
  }

  private func plan(_ local: LocalState, _ remote: RemoteState, _ base: BaseEntry? = nil) -> SyncModel.Operation? {
    Planner.plan(path: Given.leaf, base: base, local: local, remote: remote, policy: Policy())
  }
}
