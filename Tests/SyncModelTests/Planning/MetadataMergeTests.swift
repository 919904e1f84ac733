import Testing

@testable import SyncModel

@Suite struct MetadataMergeTests {
  @Test func `what only the remote changed is applied`() {
    let merge = MetadataMerge(base: Given.base, local: Given.local, remote: Given.remoteMode)
    #expect(merge.result == Given.remoteMode)
    #expect(!merge.hasLocalChanges)
  }

  @Test func `what only the local side changed stays`() {
    let merge = MetadataMerge(base: Given.base, local: Given.chmodded, remote: Given.remoteTime)
    #expect(merge.result == EntryMetadata(kind: .file, mode: 0o600, modified: Timestamp(seconds: 1300)))
    #expect(merge.hasLocalChanges)
  }

  @Test func `what both changed is the remote's`() {
    let merge = MetadataMerge(base: Given.base, local: Given.chmodded, remote: Given.remoteMode)
    #expect(merge.result.mode == 0o400)
    #expect(!merge.hasLocalChanges)
  }

  @Test func `both made the same change`() {
    let merge = MetadataMerge(base: Given.base, local: Given.chmodded, remote: Given.metadata.with { $0.mode = 0o600 })
    #expect(merge.result.mode == 0o600)
    #expect(!merge.hasLocalChanges)
  }

  @Test func `what the object lacks stays and is not sent`() {
    let bare = EntryMetadata(kind: .file)
    let merge = MetadataMerge(base: Given.base, local: Given.local, remote: bare)
    #expect(merge.result == Given.local.metadata)
    #expect(!merge.hasLocalChanges)
  }

  @Test func `what the object lacks is sent once the local side changed it`() {
    let merge = MetadataMerge(base: Given.base, local: Given.chmodded, remote: EntryMetadata(kind: .file))
    #expect(merge.result.mode == 0o600)
    #expect(merge.hasLocalChanges)
  }

  @Test func `a file system that rounds is not a local change`() {
    // The object carries 1000.5 s, the file system kept 1000 s: only the base's two columns show it.
    let base = Given.base.with { $0.metadata.modified = Timestamp(nanoseconds: 1_000_500_000_000) }
    let remote = base.metadata.with { $0.mode = 0o400 }
    let merge = MetadataMerge(base: base, local: Given.local, remote: remote)
    #expect(merge.result == EntryMetadata(kind: .file, mode: 0o400, modified: Given.local.modified))
    #expect(!merge.hasLocalChanges)
  }

  private static let (ann, bob) = (Owner(user: 1, group: 10), Owner(user: 2, group: 10))

  /// Agreed to be Ann's; `here` is what it is on a machine that may not give files away.
  private func owned(here: Owner) -> BaseEntry {
    Given.base.with {
      $0.local.owner = here
      $0.metadata.owner = Self.ann
    }
  }

  @Test func `an owner that could not be given is no local change`() {
    let base = owned(here: Self.bob)
    let merge = MetadataMerge(base: base, local: base.local, remote: base.metadata.with { $0.mode = 0o400 })
    #expect(merge.result.owner == Self.bob && !merge.hasLocalChanges)
    // What is sent leaves it as the object has it.
    #expect(base.local.with { $0.mode = 0o600 }.metadata(since: base).owner == Self.ann)
    #expect(base.local.metadata(since: nil).owner == Self.bob)
    #expect(Given.local.metadata(since: base).owner == nil)
  }

  @Test func `an owner merges as mode and time do`() {
    let base = owned(here: Self.ann)
    let given = base.local.with { $0.owner = Self.bob }
    let kept = MetadataMerge(base: base, local: given, remote: base.metadata)
    #expect(kept.result.owner == Self.bob && kept.isOwnerLocal && kept.hasLocalChanges)
    #expect(kept.rowStamp(readBack: given, base: base.local).owner == Self.ann)
    #expect(given.metadata(since: base).owner == Self.bob)
    let taken = MetadataMerge(
      base: base, local: given, remote: base.metadata.with { $0.owner = Owner(user: 3, group: 3) })
    #expect(taken.result.owner == Owner(user: 3, group: 3) && !taken.hasLocalChanges)
    let lost = MetadataMerge(base: base, local: base.local, remote: base.metadata.with { $0.owner = nil })
    #expect(lost.result.owner == Self.ann && !lost.hasLocalChanges)
    // Where owners are not kept nobody hears of them.
    let off = MetadataMerge(base: base, local: Given.local, remote: base.metadata.with { $0.owner = Self.bob })
    #expect(off.result.owner == nil && !off.hasLocalChanges)
  }

  @Test func `the row keeps the base's value of what must still go up`() {
    let merge = MetadataMerge(base: Given.base, local: Given.chmodded, remote: Given.remoteTime)
    let readBack = Given.chmodded.with { $0.modified = Timestamp(seconds: 1300) }
    let row = merge.rowStamp(readBack: readBack, base: Given.local)
    #expect(row.mode == Given.local.mode)
    #expect(row.modified == Timestamp(seconds: 1300))
  }
}

@Suite struct MetadataPlanTests {
  @Test func `a merge that is the local state goes up`() {
    // Only the local side changed the time; the object was rewritten and lost its mode.
    let bare = EntryMetadata(kind: .file, modified: Given.metadata.modified)
    let planned = plan(.present(Given.retimed, content: Given.content), bare)
    #expect(planned == .uploadMetadata(Given.retimed, replacing: Given.rewritten))
  }

  @Test func `a merge of changes to different fields is applied first`() {
    let merged = EntryMetadata(kind: .file, mode: 0o600, modified: Timestamp(seconds: 1300))
    let planned = plan(.present(Given.chmodded, content: Given.content), Given.remoteTime)
    #expect(planned == .applyMetadata(Given.rewritten, merged, to: Given.chmodded))
  }

  @Test func `the same change on both sides is adopted`() {
    let same = Given.metadata.with { $0.mode = 0o600 }
    let planned = plan(.present(Given.chmodded, content: Given.content), same)
    #expect(planned == .adopt(Given.chmodded, .object(Given.rewritten, metadata: same)))
  }

  @Test func `an object that lost its metadata changes nothing here`() {
    let bare = EntryMetadata(kind: .file)
    #expect(plan(.present(Given.local), bare) == .adopt(Given.local, .object(Given.rewritten, metadata: bare)))
  }

  private func plan(_ local: LocalState, _ metadata: EntryMetadata) -> SyncModel.Operation? {
    Planner.plan(
      path: Given.leaf, base: Given.base, local: local, remote: .object(Given.rewritten, metadata: metadata),
      policy: Policy())
  }
}
