internal import AWSKit
internal import Checksums
package import SyncEngine
package import SyncModel

extension RemoteTree {
  package func read(_ path: RelativePath, version stamp: RemoteStamp) async throws -> RemoteContent {
    let key = try key(of: path)
    let sink = MemorySink(size: stamp.size)
    let downloaded = try await download(key: key, version: stamp, into: sink, progress: { _ in })
    return RemoteContent(object: downloaded.object, bytes: sink.bytes, fingerprint: downloaded.fingerprint)
  }

  /// Whether the object of this path was not read since it lies in an archive class.
  package func skippedAsArchived(_ path: String) -> Bool {
    (try? key(of: RelativePath(unchecked: path))).map(archived.wasSkipped) ?? false
  }

  func isArchived(_ key: String, _ storageClass: String) -> RemoteFailure {
    RemoteFailure(
      .notPossible,
      "\(RemoteCall.read.resource(bucket: bucket, key: key)) lies in the archive class \(storageClass): restore it; what "
        + "was restored is found within an hour, or at once by a run with --force-glacier-transfer")
  }

  package func download(
    _ path: RelativePath, version stamp: RemoteStamp, into sink: any ContentSink,
    progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> DownloadedObject {
    let key = try key(of: path)
    return try await withTaskExecutorPreference(writing) {
      try await download(key: key, version: stamp, into: sink, progress: progress)
    }
  }

  func download(
    key: String, version stamp: RemoteStamp, into sink: any ContentSink, progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> DownloadedObject {
    if !settings.readsArchived, let storageClass = archived.skip(key, stamp, now: client.configuration.now()) {
      throw isArchived(key, storageClass)
    }
    return try await performing(.read, key) {
      do {
        return try await Download(tree: self, key: key, stamp: stamp, sink: sink, progress: progress).run()
      } catch let error as S3Error where error.deniesVersions {
        stopReadingVersions()
        return try await Download(tree: self, key: key, stamp: stamp, sink: sink, progress: progress).run()
      }
    }
  }
}
