/// The pure decision `(base, local, remote, policy, neighbours) -> Operation?`, total over every
/// combination; its table is in docs/planner.md. Nil: in sync, or nothing may be done.
package enum Planner {
  package static func plan(
    path: RelativePath, base: BaseEntry?, local: LocalState, remote: RemoteState, policy: Policy,
    neighbours: Neighbours = Neighbours()
  ) -> Operation? {
    if path.isRoot { return nil }
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
