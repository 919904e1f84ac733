import Testing

@testable import SyncModel

@Suite struct LocalDeltaTests {
  @Test func `the full stamp decides without reading`() {
    #expect(delta(Given.local) == .unchanged(Given.local))
  }

  @Test(arguments: [
    Given.otherInode, Given.chmodded, Given.retimed,
    Given.local.with { $0.changed = Timestamp(seconds: 5) },
    Given.local.with { $0.modified.nanoseconds += 1 },
    Given.local.with { $0.mount = Given.otherMount },
  ])
  func `any other stamp of the same size is suspect until read`(_ stamp: LocalStamp) {
    #expect(delta(stamp) == .suspect(stamp))
    #expect(delta(stamp, Given.otherContent) == .changed(stamp))
  }

  @Test func `another size or kind is a change without reading`() {
    #expect(delta(Given.grown) == .changed(Given.grown))
    #expect(delta(Given.link) == .changed(Given.link))
  }

  @Test func `known content and another inode or ctime only refresh the row`() {
    #expect(delta(Given.otherInode, Given.content) == .refreshed(Given.otherInode))
  }

  @Test func `known content and another mode or mtime are metadata`() {
    #expect(delta(Given.chmodded, Given.content) == .metadata(Given.chmodded))
    #expect(delta(Given.retimed, Given.content) == .metadata(Given.retimed))
  }

  @Test func `known content and another owner are metadata`() {
    let base = Given.base.with { $0.local.owner = Owner(user: 1, group: 2) }
    let given = base.local.with {
      $0.owner = Owner(user: 1, group: 3)
      $0.changed = Timestamp(seconds: 5)
    }
    #expect(delta(given, nil, base) == .suspect(given))
    #expect(delta(given, Given.content, base) == .metadata(given))
  }

  @Test func `a row of a time when owners were not kept learns of them, and sends nothing`() {
    let owned = Given.local.with { $0.owner = Owner(user: 1, group: 2) }
    #expect(delta(owned) == .refreshed(owned))
    #expect(delta(owned, Given.content) == .refreshed(owned))
    let moved = owned.with { $0.inode = 6 }
    #expect(delta(moved) == .suspect(moved))
    #expect(delta(moved, Given.content) == .refreshed(moved))
    // And the other way round.
    let base = Given.base.with { $0.local = owned }
    #expect(delta(Given.local, nil, base) == .refreshed(Given.local))
    #expect(delta(owned, nil, Given.provisionalBase) == .suspect(owned))
    #expect(Given.apart.isUnchanged(owned, Given.remote))
  }

  @Test func `what is never synced says nothing about what was there`() {
    #expect(LocalDelta(of: .unsupported, since: Given.base) == .unknown)
  }

  @Test func `an equal stamp of a provisional row proves nothing`() {
    #expect(delta(Given.local, nil, Given.provisionalBase) == .suspect(Given.local))
    #expect(delta(Given.local, Given.content, Given.provisionalBase) == .refreshed(Given.local))
    #expect(delta(Given.local, Given.otherContent, Given.provisionalBase) == .changed(Given.local))
  }

  @Test func `different content under an equal stamp is a change`() {
    #expect(delta(Given.local, Given.otherContent) == .changed(Given.local))
  }

  @Test func `a row marked changed stays a change whatever the stamp`() {
    #expect(delta(Given.local, nil, Given.localChangedBase) == .changed(Given.local))
    #expect(delta(Given.local, Given.content, Given.localChangedBase) == .changed(Given.local))
  }

  @Test func `a row without fingerprint cannot vouch for known content`() {
    let base = Given.base.with { $0.fingerprint = nil }
    #expect(delta(Given.chmodded, Given.content, base) == .changed(Given.chmodded))
  }

  @Test func `absence counts on the row's own mount only`() {
    #expect(LocalDelta(of: .absent(mount: Given.mount), since: Given.base) == .deleted)
    #expect(LocalDelta(of: .absent(mount: Given.otherMount), since: Given.base) == .unknown)
    #expect(LocalDelta(of: .absent(mount: Given.mount), since: Given.localChangedBase) == .discarded)
  }

  private func delta(
    _ stamp: LocalStamp, _ content: Fingerprint? = nil, _ base: BaseEntry = Given.base
  ) -> LocalDelta {
    LocalDelta(of: .present(stamp, content: content), since: base)
  }
}

@Suite struct RemoteDeltaTests {
  @Test func `an earlier last-modified is the version we committed`() {
    let earlier = Given.remote.with { $0.lastModified = Timestamp(seconds: 1000) }
    #expect(delta(earlier) == .unchanged(earlier))
  }

  @Test func `other metadata of the same second has the same stamp`() {
    #expect(delta(Given.remote, Given.metadata) == .unchanged(Given.remote))
    #expect(delta(Given.remote, Given.remoteMode) == .metadata(Given.remote, Given.remoteMode))
  }

  @Test func `a later last-modified with the same ETag needs the metadata`() {
    #expect(delta(Given.rewritten) == .touched(Given.rewritten))
    #expect(delta(Given.rewritten, Given.metadata) == .refreshed(Given.rewritten))
    #expect(delta(Given.rewritten, Given.remoteMode) == .metadata(Given.rewritten, Given.remoteMode))
  }

  @Test func `another ETag or size is a change`() {
    let longer = Given.remote.with { $0.size = 11 }
    #expect(delta(Given.replaced, Given.metadata) == .changed(Given.replaced))
    #expect(delta(longer) == .changed(longer))
  }

  @Test func `the same bytes as a link are another content`() {
    let link = Given.metadata.with { $0.kind = .symlink }
    #expect(delta(Given.rewritten, link) == .changed(Given.rewritten))
  }

  private func delta(_ stamp: RemoteStamp, _ metadata: EntryMetadata? = nil) -> RemoteDelta {
    RemoteDelta(of: stamp, metadata: metadata, since: Given.base)
  }
}
