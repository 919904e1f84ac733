import Testing

@testable import SyncModel

@Suite struct ConflictResolutionTests {
  static let now = Timestamp(seconds: 10_000)

  @Test(
    arguments: [
      (nil, Resolution.remoteWins), (.remote, .remoteWinsLoserToTrash), (.local, .localWinsLoserToTrash),
      (.keepBoth, .remoteWins),
    ] as [(FirstSyncPolicy?, Resolution)])
  func `first contact goes by its own policy`(_ policy: FirstSyncPolicy?, _ expected: Resolution) {
    // The local file is newer and the conflict policy says local: neither counts without a base.
    let both = Policy().with {
      $0.firstSync = policy
      $0.conflict = .local
    }
    #expect(resolve(base: nil, local: 9000, remote: 1000, both) == expected)
  }

  @Test(arguments: [
    (ConflictPolicy.local, Resolution.localWins), (.remote, .remoteWins), (.keepBoth, .remoteWins),
  ])
  func `a named side keeps the name`(_ policy: ConflictPolicy, _ expected: Resolution) {
    for (local, remote) in [(1, 2), (2, 1), (1, 1)] as [(Int64, Int64)] {
      #expect(resolve(local: local, remote: remote, Policy().with { $0.conflict = policy }) == expected)
    }
  }

  @Test func `the newer side wins`() {
    #expect(resolve(local: 3001, remote: 3000) == .localWins)
    #expect(resolve(local: 3000, remote: 3001) == .remoteWins)
  }

  @Test func `a tie is the remote's`() {
    #expect(resolve(local: 3000, remote: 3000) == .remoteWins)
  }

  @Test func `a time in the future counts as the server's now`() {
    #expect(resolve(local: 99_999, remote: 10_000) == .remoteWins)
    #expect(resolve(local: 99_999, remote: 9999) == .localWins)
    #expect(resolve(local: 9999, remote: 99_999) == .remoteWins)
  }

  @Test func `without mtime metadata the object's last-modified counts`() {
    #expect(resolve(local: 3000, remote: nil, lastModified: 2999) == .localWins)
    #expect(resolve(local: 3000, remote: nil, lastModified: 3001) == .remoteWins)
  }

  @Test(arguments: [".git/refs/heads/main", "a/.git/index"])
  func `inside a Git folder the loser goes to the trash`(_ path: String) {
    #expect(resolve(path, local: 2, remote: 1) == .localWinsLoserToTrash)
    #expect(resolve(path, local: 1, remote: 2) == .remoteWinsLoserToTrash)
    #expect(resolve(path, base: nil, local: 1, remote: 2) == .remoteWinsLoserToTrash)
  }

  @Test(arguments: [".git", "a.git/x", ".gitignore", ".github/x"])
  func `names that only look like Git are ordinary`(_ path: String) {
    #expect(resolve(path, local: 2, remote: 1) == .localWins)
  }

  private func resolve(
    _ path: String = "d/leaf.txt", base: BaseEntry? = Given.base, local: Int64, remote: Int64?,
    lastModified: Int64 = 500, _ policy: Policy = Policy()
  ) -> Resolution {
    Planner.resolve(
      path: RelativePath(unchecked: path), base: base,
      local: Given.grown.with { $0.modified = Timestamp(seconds: local) },
      remote: RemoteObject(
        stamp: RemoteStamp(etag: "b", size: 12, lastModified: Timestamp(seconds: lastModified)),
        metadata: EntryMetadata(kind: .file, modified: remote.map { Timestamp(seconds: $0) })),
      policy: policy, serverNow: Self.now)
  }
}
