package import SyncModel

/// What the user decided about one pair of root and prefix.
package struct EngineOptions: Sendable {
  package var policy = Policy()
  package var filters = Filters(rules: [])
  package var nodeID: String
  /// Bytes of the key prefix, since keys end at 1,024 with it.
  package var prefixLength = 0
  /// Why links in the bucket are left alone; nil where they are made.
  package var symlinkRefusal: String?
  /// Some paths are only read; the local port tells which.
  package var followsSymlinks = false
  /// Ends after one full pass in which nothing was left to do.
  package var once = false
  /// Reports planned operations through the observer and changes nothing.
  package var isDryRun = false
  /// What changed here is left alone by downloads and deletions for so long.
  package var localPersistence: Duration = .zero
  /// Between two listings.
  package var poll: Duration = .seconds(30)
  /// Between two full passes while changes announce themselves.
  package var fullPassInterval: Duration = .seconds(600)
  /// A file that somebody keeps open for writing is uploaded when nobody has written for so long.
  package var uploadOpenAfter: Duration = .seconds(30)
  package var shutdownTimeout: Duration = .seconds(25)
  /// Without `firstSync` a first contact with too many conflicts ends the run before any change.
  package var asksAtFirstContact = true
  /// `--max-delete`.
  package var deletionLimit: DeletionLimit = .standard
  /// Transfers of small files at once, at most.
  package var concurrency = 32
  /// Files above this many bytes are sent in parts and received in ranges.
  package var largeSize: Int64 = 8 << 20
  /// Large transfers at once; each has `partConcurrency` parts under way.
  package var largeConcurrency = 3
  package var partConcurrency = 6

  package init(nodeID: String) { self.nodeID = nodeID }
}

extension EngineOptions {
  /// A path that is excluded in one direction is not changed on the side where that leads to.
  func policy(for path: RelativePath) -> Policy {
    guard filters.dependOnDirection else { return policy }
    var policy = policy
    if !filters.includesUploads(of: path) { (policy.changesRemote, policy.deletesRemote) = (false, false) }
    if filters.keepsLocal(path) { policy.deletesLocal = false }
    switch filters.downloads(of: path) {
    case .all: break
    case .onlyDeletions: policy.installs = false
    case .none: (policy.changesLocal, policy.deletesLocal) = (false, false)
    }
    return policy
  }
}
