import Testing

@testable import SyncModel

/// All interleavings of users, nodes and the bucket in small worlds, up to a number of steps of the users; see
/// docs/planner.md.
@Suite struct ModelCheckTests {
  @Test(arguments: ModelScope.all) func `every reachable state keeps the laws`(_ scope: ModelScope) {
    var checker = ModelChecker(scope)
    let report = checker.run()
    print(report)
    let isRefuted = report.counterexample != nil
    #expect(!isRefuted, "\(report)")
    #expect(report.states >= scope.floor)
    #expect(report.atRest > 0)
  }

  @Test func `the states are many`() {
    #expect(ModelScope.all.map(\.floor).reduce(0, +) > 900_000)
  }
}
