import Testing

@testable import SyncModel

/// `--only-up` and `--only-down`: one side is never changed.
@Suite struct OneSidedTests {
  static let locals: [LocalState] = [
    .absent(mount: Given.mount), .present(Given.local), .present(Given.retimed),
    .present(Given.chmodded, content: Given.content), .present(Given.grown), .unsupported,
  ]
  static let remotes: [RemoteState] = [
    .absent, .object(Given.remote), .object(Given.replaced), .object(Given.remote, metadata: Given.remoteMode),
    .object(Given.rewritten), .marker(Given.marker), .implied,
  ]
  static let up = Policy().with { $0.changesLocal = false }
  static let down = Policy().with { $0.changesRemote = false }

  private struct Plan {
    var both: SyncModel.Operation?
    var up: SyncModel.Operation?
    var down: SyncModel.Operation?
  }

  private func plans() -> [Plan] {
    var plans: [Plan] = []
    for (path, bases) in [(Given.leaf, [nil, Given.base]), (Given.directory, [nil, Given.directoryBase])] {
      for base in bases {
        for local in Self.locals + [.present(Given.localDirectory)] {
          for remote in Self.remotes {
            for neighbours in [Neighbours(), Neighbours(remoteHasDescendants: true)] {
              func plan(_ policy: Policy) -> SyncModel.Operation? {
                Planner.plan(
                  path: path, base: base, local: local, remote: remote, policy: policy, neighbours: neighbours)
              }
              plans.append(Plan(both: plan(Policy()), up: plan(Self.up), down: plan(Self.down)))
            }
          }
        }
      }
    }
    return plans
  }

  private enum Side { case none, local, remote, yields }

  private func side(_ operation: SyncModel.Operation?) -> Side {
    switch operation {
    case nil, .inspectLocal, .inspectRemote, .compare, .adopt, .forget, .leave, .blocked: .none
    case .upload, .uploadMetadata, .deleteRemote, .putMarker, .deleteMarker: .remote
    case .download, .applyMetadata, .deleteLocal, .makeLocalDirectory, .removeLocalDirectory: .local
    case .yieldToDirectory: .yields
    }
  }

  @Test func `what changes the other side stays, what changes this one is left out`() {
    let plans = plans()
    for plan in plans {
      switch side(plan.both) {
      case .none: #expect(plan.up == plan.both && plan.down == plan.both)
      case .remote: #expect(plan.up == plan.both && plan.down == nil)
      case .local: #expect(plan.up == nil && plan.down == plan.both)
      case .yields: #expect(plan.up == .blocked && plan.down == plan.both)
      }
    }
    for wanted in [Side.none, .local, .remote, .yields] {
      #expect(plans.contains { side($0.both) == wanted }, "\(wanted) is never planned")
    }
  }

  @Test func `where neither side may be changed nothing decides between two versions`() {
    let neither = Self.up.with { $0.changesRemote = false }
    let plan = Planner.plan(
      path: Given.leaf, base: nil, local: .present(Given.local), remote: .object(Given.replaced), policy: neither)
    #expect(plan == nil)
  }

  @Test(arguments: ConflictPolicy.allCases, [nil, FirstSyncPolicy.local, .remote, .keepBoth])
  func `the side that is not changed wins`(_ conflict: ConflictPolicy, _ firstSync: FirstSyncPolicy?) {
    func resolve(_ policy: Policy, base: BaseEntry?) -> Resolution {
      let policy = policy.with {
        $0.conflict = conflict
        $0.firstSync = firstSync
      }
      return Planner.resolve(
        path: Given.leaf, base: base, local: Given.grown,
        remote: RemoteObject(stamp: Given.replaced, metadata: Given.metadata), policy: policy,
        serverNow: Timestamp(seconds: 10_000))
    }
    #expect(resolve(Self.up, base: Given.base) == .localWins)
    #expect(resolve(Self.up, base: nil) == .localWinsLoserToTrash)
    #expect(resolve(Self.down, base: Given.base) == .remoteWins)
    #expect(resolve(Self.down, base: nil) == .remoteWinsLoserToTrash)
  }
}
