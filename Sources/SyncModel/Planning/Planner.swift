/// The pure decision `(base, local, remote, policy, neighbours) -> Operation?`, total over every
/// combination; its table is in docs/planner.md. Nil: in sync, or nothing may be done.
package enum Planner {
  package static func plan(
    path: RelativePath, base: BaseEntry?, local: LocalState, remote: RemoteState, policy: Policy,
    neighbours: Neighbours = Neighbours()
  ) -> Operation? {
    if path.isRoot { return nil }
    let operation = both(
      path: path, base: base, local: local, remote: remote, policy: policy, neighbours: neighbours)
    return operation.flatMap(policy.allowed)
  }

  /// The plan as if both sides might be changed.
  private static func both(
    path: RelativePath, base: BaseEntry?, local: LocalState, remote: RemoteState, policy: Policy,
    neighbours: Neighbours
  ) -> Operation? {
    if path.isDirectory {
      return DirectoryPlan(base: base, remote: remote, policy: policy, neighbours: neighbours).operation(local: local)
    }
    switch remote {
    case .marker, .implied: return nil
    case .absent:
      return LeafPlan(base: base, object: nil, policy: policy, neighbours: neighbours).operation(local: local)
    case .object(let stamp, let metadata):
      let object = LeafPlan.Object(stamp: stamp, metadata: metadata)
      return LeafPlan(base: base, object: object, policy: policy, neighbours: neighbours).operation(local: local)
    }
  }
}

extension Policy {
  /// Where only one side may be changed, the other is left as it is.
  fileprivate func allowed(_ operation: Operation) -> Operation? {
    switch operation {
    case .inspectLocal, .inspectRemote, .adopt, .forget, .blocked, .leave: operation
    // What would decide between the two versions changes one of them.
    case .compare: changesLocal || changesRemote ? operation : nil
    case .upload, .uploadMetadata, .deleteRemote, .putMarker, .deleteMarker: changesRemote ? operation : nil
    case .download, .applyMetadata, .makeLocalDirectory: changesLocal && installs ? operation : nil
    case .deleteLocal, .removeLocalDirectory: changesLocal ? operation : nil
    // Its object can never be made here, which is to be told.
    case .yieldToDirectory: changesLocal ? operation : .blocked
    }
  }
}
