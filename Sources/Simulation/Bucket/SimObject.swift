package import SyncModel

/// One object of the simulated bucket.
package struct SimObject: Sendable {
  package var content: [UInt8]
  package var etag: String
  /// Whole seconds of the server's clock.
  package var lastModified: Timestamp
  package var metadata: EntryMetadata
  /// Where the bucket keeps versions.
  package var versionID: String?

  package var stamp: RemoteStamp {
    RemoteStamp(etag: etag, size: Int64(content.count), lastModified: lastModified, versionID: versionID)
  }
}

/// Why the simulated server refuses a request.
enum SimRefusal: Error {
  case conditionFailed, notFound, uploadGone, invalidPart
}
