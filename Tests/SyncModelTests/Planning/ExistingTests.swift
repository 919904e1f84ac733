import Testing

@testable import SyncModel

/// What the root alone has when the two sides meet, and what is not fetched.
@Suite struct ExistingTests {
  static let meeting = Policy().with { $0.existing = .leftAlone(isMeeting: true) }
  static let later = Policy().with { $0.existing = .leftAlone(isMeeting: false) }
  static let away = later.with { $0.installs = false }
  static let here = LocalState.present(Given.local)
  static let object = RemoteState.object(Given.remote)

  @Test func `while they meet it is noted, afterwards it is sent`() {
    #expect(plan(nil, Self.here, .absent, Self.meeting) == .leave(Given.local))
    #expect(plan(nil, Self.here, .absent, Self.later) == .upload(Given.local, replacing: nil))
    #expect(plan(nil, Self.here, .absent, Policy()) == .upload(Given.local, replacing: nil))
  }

  @Test func `what is noted stays until it changes`() {
    #expect(plan(Given.leftAlone, Self.here, .absent, Self.later) == nil)
    #expect(plan(Given.leftAlone, Self.here, .absent, Self.meeting) == nil)
    for changed in [Given.grown, Given.chmodded, Given.retimed, Given.otherInode, Given.link] {
      #expect(plan(Given.leftAlone, .present(changed), .absent, Self.later) == .upload(changed, replacing: nil))
      #expect(plan(Given.leftAlone, .present(changed), .absent, Self.meeting) == .upload(changed, replacing: nil))
    }
    #expect(plan(Given.leftAlone, .absent(mount: Given.mount), .absent, Self.later) == .forget)
    #expect(plan(Given.leftAlone, .absent(mount: Given.otherMount), .absent, Self.later) == nil)
  }

  @Test func `without the option it meets the bucket at last`() {
    #expect(plan(Given.leftAlone, Self.here, .absent, Policy()) == .upload(Given.local, replacing: nil))
  }

  @Test func `an object of its name is a first contact`() {
    #expect(plan(Given.leftAlone, Self.here, Self.object, Self.later) == .compare(Given.local, Given.remote))
    let resolution = Planner.resolve(
      path: Given.leaf, base: Given.leftAlone, local: Given.local,
      remote: RemoteObject(stamp: Given.remote, metadata: Given.metadata),
      policy: Self.later.with { $0.conflict = .local }, serverNow: Timestamp(seconds: 9000))
    #expect(resolution == .remoteWins)
    #expect(
      plan(Given.leftAlone, .absent(mount: Given.mount), Self.object, Self.later)
        == .download(Given.remote, replacing: nil))
  }

  @Test func `a folder is noted like a file, and takes part when the bucket has it`() {
    let folder = Given.directoryBase.with { ($0.remote, $0.isApart) = (nil, true) }
    let local = LocalState.present(Given.localDirectory)
    let all = Self.later.with { $0.directories = .all }
    #expect(plan(nil, local, .absent, Self.meeting, Given.directory) == .leave(Given.localDirectory))
    #expect(plan(nil, local, .absent, all, Given.directory) == .putMarker)
    #expect(plan(folder, local, .absent, all, Given.directory) == nil)
    #expect(plan(folder, local, .implied, all, Given.directory) == .putMarker)
    #expect(plan(folder, local, .implied, Self.later, Given.directory) == .adopt(Given.localDirectory, .implied))
    #expect(plan(folder, .absent(mount: Given.mount), .absent, all, Given.directory) == .forget)
  }

  // What is not fetched.
  @Test func `nothing is installed, and deletions cross`() {
    let gone = LocalState.absent(mount: Given.mount)
    #expect(plan(nil, gone, Self.object, Self.away) == nil)
    #expect(plan(Given.base, Self.here, .object(Given.replaced), Self.away) == nil)
    #expect(plan(Given.base, Self.here, .absent, Self.away) == .deleteLocal(Given.local))
    #expect(plan(Given.base, gone, Self.object, Self.away) == .deleteRemote(Given.remote))
    #expect(plan(nil, gone, .marker(Given.marker), Self.away, Given.directory) == nil)
    #expect(
      plan(Given.base, .present(Given.grown), Self.object, Self.away)
        == .upload(Given.grown, replacing: Given.remote))
  }

  @Test func `what was here first and is not fetched stays until it changes, whatever the bucket has`() {
    #expect(plan(nil, Self.here, Self.object, Self.away) == .compare(Given.local, Given.remote))
    #expect(plan(Given.apart, Self.here, Self.object, Self.away) == nil)
    #expect(plan(Given.apart, Self.here, .object(Given.replaced), Self.away) == nil)
    #expect(
      plan(Given.apart, .present(Given.grown), Self.object, Self.away) == .compare(Given.grown, Given.remote))
    #expect(
      Planner.resolve(
        path: Given.leaf, base: Given.apart, local: Given.grown,
        remote: RemoteObject(stamp: Given.remote, metadata: Given.metadata), policy: Self.away,
        serverNow: Timestamp(seconds: 9000)) == .localWins)
  }

  private func plan(
    _ base: BaseEntry?, _ local: LocalState, _ remote: RemoteState, _ policy: Policy,
    _ path: RelativePath = Given.leaf
  ) -> SyncModel.Operation? {
    Planner.plan(path: path, base: base, local: local, remote: remote, policy: policy)
  }
}
