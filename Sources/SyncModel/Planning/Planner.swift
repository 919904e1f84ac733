/// The pure decision `(base, local, remote, policy, neighbours) -> Operation?`, total over every
/// combination; its table is in docs/architecture.md. Nil: in sync, or nothing may be done.
package enum Planner {
  package static func plan(
    path: RelativePath, base: BaseEntry?, local: LocalState, remote: RemoteState, policy: Policy,
    neighbours: Neighbours = Neighbours()
  ) -> Operation? {
    nil
  }
}
