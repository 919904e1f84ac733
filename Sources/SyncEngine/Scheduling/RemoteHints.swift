package import SyncModel

extension Engine: RemoteHintSink {
  /// Remote hints that are remembered; above it a look at everything takes their place.
  private static let remoteNewsLimit = 50_000

  package func hint(remote paths: [RelativePath]) {
    for path in paths where options.filters.includes(path) {
      guard remoteNews.count < Self.remoteNewsLimit || remoteNews.contains(path) else {
        needsPass = true
        pauseEnd.signal()
        return
      }
      remoteNews.insert(path)
      mark(path, .remoteEvent)
    }
  }

  package func feedChanged(isLive: Bool) {
    guard isLive != feedIsLive else { return }
    feedIsLive = isLive
    lookAtBucket()
  }

  package func lookAtBucket() {
    feedHasChanged = true
    pauseEnd.signal()
  }
}
