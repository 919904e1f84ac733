import Testing

@testable import SyncModel

/// The check can fail: planners that are wrong in one cell, and executions without one safeguard.
@Suite struct MutatedPlannerTests {
  struct Mutation: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// How the law that breaks is named.
    var law: String
    var paths = ["a"]
    var change: @Sendable (SyncModel.Operation?, BaseEntry?, LocalState, RemoteState) -> SyncModel.Operation?

    init(
      _ name: String, breaks law: String, paths: [String] = ["a"],
      _ change: @escaping @Sendable (SyncModel.Operation?, BaseEntry?, LocalState, RemoteState) -> SyncModel.Operation?
    ) {
      testDescription = name
      self.law = law
      self.paths = paths
      self.change = change
    }
  }

  static let mutations: [Mutation] = [
    Mutation("deletes a file that was never in sync", breaks: "I7") { operation, base, _, _ in
      if base == nil, case .upload(let stamp, nil) = operation { .deleteLocal(stamp) } else { operation }
    },
    Mutation("a deletion beats the edit of the other side, here", breaks: "I7") { operation, base, _, _ in
      if base != nil, case .upload(let stamp, nil) = operation { .deleteLocal(stamp) } else { operation }
    },
    Mutation("a deletion beats the edit of the other side, in the bucket", breaks: "I7") { operation, base, _, _ in
      if base != nil, case .download(let version, nil) = operation { .deleteRemote(version) } else { operation }
    },
    Mutation("a conflict overwrites the object", breaks: "I1") { operation, _, _, _ in
      if case .compare(let stamp, let version) = operation { .upload(stamp, replacing: version) } else { operation }
    },
    Mutation("a conflict overwrites the file", breaks: "I1") { operation, _, _, _ in
      if case .compare(let stamp, let version) = operation { .download(version, replacing: stamp) } else { operation }
    },
    Mutation("a suspect file passes for unchanged when the object changed", breaks: "I1") {
      operation, base, _, remote in
      if case .inspectLocal(let stamp) = operation, case .object(let version, _) = remote,
        version.etag != base?.remote?.etag
      {
        .download(version, replacing: stamp)
      } else {
        operation
      }
    },
    Mutation("a key whose name is a directory here is deleted", breaks: "I7", paths: ["a", "a/b"]) {
      operation, _, _, remote in
      if operation == .blocked, case .object(let version, _) = remote { .deleteRemote(version) } else { operation }
    },
    Mutation("uploads without the condition on what it saw", breaks: "I2") { operation, _, _, _ in
      if case .upload(let stamp, .some) = operation { .upload(stamp, replacing: nil) } else { operation }
    },
    Mutation("a suspect file passes for unchanged", breaks: "I3") { operation, _, _, _ in
      if case .inspectLocal = operation { nil } else { operation }
    },
    Mutation("never downloads over a file", breaks: "I3") { operation, _, _, _ in
      if case .download(_, .some) = operation { nil } else { operation }
    },
    Mutation("never learns what it looked up", breaks: "I3") { operation, _, _, _ in
      if case .adopt = operation { nil } else { operation }
    },
    Mutation("a file never makes room for a directory", breaks: "I3", paths: ["a", "a/b"]) { operation, _, _, _ in
      if case .yieldToDirectory = operation { nil } else { operation }
    },
    Mutation("a marker outlives its folder", breaks: "I3", paths: ["d/", "d/f"]) { operation, _, _, _ in
      if case .deleteMarker = operation { nil } else { operation }
    },
    Mutation("the metadata of this side always win", breaks: "ping-pong") { operation, _, _, _ in
      if case .applyMetadata(let version, _, let stamp) = operation {
        .uploadMetadata(stamp, replacing: version)
      } else {
        operation
      }
    },
    Mutation("an object that was touched gets this side's metadata", breaks: "ping-pong") { operation, _, local, _ in
      if case .inspectRemote(let version) = operation, case .present(let stamp, _) = local {
        .uploadMetadata(stamp, replacing: version)
      } else {
        operation
      }
    },
  ]

  @Test(arguments: mutations) func `a mutated planner is refuted`(_ mutation: Mutation) throws {
    var scope = ModelScope(name: mutation.testDescription)
    scope.paths = mutation.paths
    scope.looksAtOnce = mutation.paths.count > 1
    if scope.hasClash { scope.actions = [.write, .delete, .exchangeLeafAndDirectory] }
    if scope.hasFolder { scope.actions = [.write, .delete, .makeFolder, .removeFolder] }
    var checker = ModelChecker(scope, planner: .mutated(mutation.change))
    let found = try #require(checker.run().counterexample, "nothing found")
    print(found)
    #expect(found.law.hasPrefix(mutation.law), "\(found)")
    #expect(found.steps.count > 1)
  }

  @Test(arguments: ModelScope.Safeguard.allCases)
  func `an execution without a safeguard is refuted`(_ safeguard: ModelScope.Safeguard) throws {
    var scope = ModelScope(name: "without the \(safeguard)")
    scope.missing = safeguard
    scope.faults = safeguard == .proofOfAbsence ? 1 : 0
    var checker = ModelChecker(scope)
    let found = try #require(checker.run().counterexample, "nothing found")
    print(found)
    #expect(found.law.hasPrefix(safeguard == .proofOfAbsence ? "I7" : "I1"), "\(found)")
  }
}
