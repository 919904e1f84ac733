import SyncModel

/// A path to be settled, with what a listing or walk already saw of it.
struct Work: Sendable {
  var path: RelativePath
  var view: View?
  /// The deletion spool's second look: this deletion may be carried out now.
  var deletion: DeletionSpool.Entry?
  var mayDelete: Bool { deletion != nil }
  /// First contact: nothing is changed before the user has decided.
  var onlyCompares = false
  /// Something happened to the path since it last failed: its backoff is over.
  var isNews = false
  /// A rename was tried and did not apply.
  var avoidsRename = false

  /// A pass found it here alone, from before the two sides first met.
  var isExisting = false

  /// What only a mirror takes away, as a look at everything saw it.
  var taken: Mirror.Version?

  init(_ path: RelativePath, view: View? = nil) {
    self.path = path
    self.view = view
  }
}

/// What a pass saw, and how old it is. A row written since then makes it worthless.
struct View: Sendable {
  var base: BaseRecord?
  /// The row is still `base` where the store's revision is still this one.
  var baseRevision: Int64?
  var local: LocalState?
  var localRevision: Int64 = 0
  var remote: RemoteState?
  var remoteRevision: Int64 = 0
  var neighbours = Neighbours()
}

enum Outcome: Sendable {
  case settled
  /// A deletion: counted by the guard and carried out after all creations.
  case deletion(DeletionSide)
  case renamed(from: RelativePath)
  /// Look again after this time, without calling it a failure.
  case later(Duration)
}
