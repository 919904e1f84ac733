import Testing

@testable import SyncModel

/// The comparison of `aws s3 sync`, as its own classes compute it, for the destination's time minus the source's in
/// seconds.
@Suite struct FirstContactComparisonTests {
  static let differences = [-10, -0.5, 0, 0.5, 10]

  struct Row: Sendable, CustomTestStringConvertible {
    var option: FirstContactComparison
    var direction: SyncDirection
    var isSameSize = true
    /// For each difference.
    var copies: [Bool]
    var testDescription: String { "\(option) \(direction)\(isSameSize ? "" : ", another size")" }
  }

  static let rows =
    [
      Row(option: .contents, direction: .up, copies: [true, true, false, false, false]),
      Row(option: .contents, direction: .down, copies: [false, false, false, true, true]),
      Row(option: .exactTimestamps, direction: .up, copies: [true, true, false, false, false]),
      Row(option: .exactTimestamps, direction: .down, copies: [true, true, false, true, true]),
      Row(option: .sizeOnly, direction: .up, copies: [false, false, false, false, false]),
      Row(option: .sizeOnly, direction: .down, copies: [false, false, false, false, false]),
      Row(option: .noOverwrite, direction: .up, copies: [false, false, false, false, false]),
      Row(option: .noOverwrite, direction: .down, copies: [false, false, false, false, false]),
    ]
    + FirstContactComparison.allCases.flatMap { option in
      SyncDirection.allCases.map {
        Row(
          option: option, direction: $0, isSameSize: false,
          copies: Array(repeating: option != .noOverwrite, count: 5))
      }
    }

  @Test(arguments: rows) func `each cell is that of the AWS CLI`(_ row: Row) {
    for (difference, expected) in zip(Self.differences, row.copies) {
      let pair = Pair(destinationMinusSource: difference, row.direction, isSameSize: row.isSameSize)
      #expect(row.option.copies(row.direction, local: pair.local, remote: pair.remote) == expected, "\(difference)")
    }
  }

  /// Neither direction would copy.
  @Test func `what counts as equal`() {
    for difference in Self.differences {
      let same = Pair(localMinusRemote: difference)
      let other = Pair(localMinusRemote: difference, isSameSize: false)
      func equal(_ option: FirstContactComparison, _ pair: Pair) -> Bool {
        option.countsAsEqual(pair.local, pair.remote)
      }
      #expect(equal(.sizeOnly, same) && !equal(.sizeOnly, other))
      #expect(equal(.exactTimestamps, same) == (difference == 0) && !equal(.exactTimestamps, other))
      #expect(equal(.noOverwrite, same) && equal(.noOverwrite, other))
      // Only contents tell.
      #expect(!equal(.contents, same) && !equal(.contents, other))
    }
  }

  struct Pair {
    var local: LocalStamp
    var remote: RemoteStamp

    init(localMinusRemote seconds: Double, isSameSize: Bool = true) {
      remote = Given.replaced
      local = Given.local
      local.modified = Timestamp(nanoseconds: remote.lastModified.nanoseconds + Int64(seconds * 1e9))
      if !isSameSize { local.size += 1 }
    }

    init(destinationMinusSource seconds: Double, _ direction: SyncDirection, isSameSize: Bool) {
      self.init(localMinusRemote: direction == .down ? seconds : -seconds, isSameSize: isSameSize)
    }
  }
}

@Suite struct FirstContactWinnerTests {
  typealias Pair = FirstContactComparisonTests.Pair

  /// At its start s3-sync2 runs `aws s3 sync` downwards, and upwards only when the folder has changed since. So it needs
  /// no rule of its own: wherever either would copy the remote wins, as everywhere.
  @Test(arguments: FirstContactComparison.allCases)
  func `the side from which s3-sync2 would copy is the remote's`(option: FirstContactComparison) {
    for difference in FirstContactComparisonTests.differences {
      for isSameSize in [true, false] {
        let pair = Pair(localMinusRemote: difference, isSameSize: isSameSize)
        let first = [SyncDirection.down, .up].first { option.copies($0, local: pair.local, remote: pair.remote) }
        #expect(first != .up)
        #expect(winner(pair, option) == .remoteWins)
      }
    }
  }

  @Test func `versions that were left apart meet first when the option is gone, and as a change when one changed`() {
    let pair = Pair(localMinusRemote: 10)
    let row = Given.apart.with {
      $0.local = pair.local
      $0.remote = pair.remote
    }
    #expect(winner(pair, base: row) == .remoteWins)
    var edited = pair
    edited.local.changed = Timestamp(seconds: 9000)
    #expect(winner(edited, base: row) == .localWins)
    #expect(winner(pair, base: row.with { $0.remote?.etag = "before" }) == .localWins)
  }

  private func winner(
    _ pair: Pair, _ option: FirstContactComparison = .contents, base: BaseEntry? = nil
  ) -> Resolution {
    Planner.resolve(
      path: Given.leaf, base: base, local: pair.local,
      remote: RemoteObject(stamp: pair.remote, metadata: EntryMetadata(kind: .file)),
      policy: Policy().with { $0.comparison = option }, serverNow: Timestamp(seconds: 100_000))
  }
}

/// Rows of sides that were left as they are.
@Suite struct LeftApartPlanTests {
  static let size = Policy().with { $0.comparison = .sizeOnly }
  static let here = LocalState.present(Given.local)
  static let there = RemoteState.object(Given.remote)
  static let gone = LocalState.absent(mount: Given.mount)

  @Test func `they stay while neither changes and the option is given`() {
    #expect(plan(Self.here, Self.there) == nil)
    #expect(plan(Self.here, .object(Given.rewritten)) == nil)
    for option in FirstContactComparison.allCases {
      let stays = plan(Self.here, Self.there, Policy().with { $0.comparison = option }) == nil
      #expect(stays == (option == .sizeOnly || option == .noOverwrite))
    }
  }

  @Test func `any change is a first contact`() {
    for local in [Given.otherInode, Given.chmodded, Given.retimed, Given.grown] {
      #expect(plan(.present(local), Self.there) == .compare(local, Given.remote))
    }
    #expect(plan(Self.here, .object(Given.replaced)) == .compare(Given.local, Given.replaced))
    let provisional = Given.apart.with { $0.isProvisional = true }
    #expect(plan(Self.here, Self.there, base: provisional) == .compare(Given.local, Given.remote))
  }

  @Test func `no deletion crosses`() {
    #expect(plan(Self.gone, Self.there) == .download(Given.remote, replacing: nil))
    #expect(plan(Self.here, .absent) == .upload(Given.local, replacing: nil))
    #expect(plan(Self.gone, .absent) == .forget)
  }

  @Test func `a mount that is gone says nothing`() {
    let elsewhere = LocalState.absent(mount: Given.otherMount)
    for remote in [Self.there, .object(Given.replaced), .absent] { #expect(plan(elsewhere, remote) == nil) }
    #expect(plan(.unsupported, Self.there) == nil)
  }

  private func plan(
    _ local: LocalState, _ remote: RemoteState, _ policy: Policy = size, base: BaseEntry = Given.apart
  ) -> SyncModel.Operation? {
    Planner.plan(path: Given.leaf, base: base, local: local, remote: remote, policy: policy)
  }
}
