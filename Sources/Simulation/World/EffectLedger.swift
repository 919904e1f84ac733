package import SyncModel

/// Is told what the system under test did, as it does it.
package protocol EffectLedger: AnyObject, Sendable {
  /// A branch of a port was taken.
  func count(_ what: String)
  /// A line of the trace.
  func note(_ line: @autoclosure () -> String)
  /// The engine of `node` took a leaf with this content out of its tree, without putting another in its place.
  func removedLocally(_ path: RelativePath, content: [UInt8], node: String)
  /// The engine of `node` deleted an object.
  func removedRemotely(_ path: RelativePath, content: [UInt8], node: String)
  /// The engine of `node` was told of this version of a key.
  func saw(_ path: RelativePath, etag: String, node: String)
  /// The engine of `node` put `content` at a key in the place of another version.
  func replacedRemotely(_ path: RelativePath, _ old: SimObject, by content: [UInt8], isMetadata: Bool, node: String)
  /// A write took effect whose sender had given up.
  func landsLate(at path: RelativePath)
  /// An invariant does not hold.
  func violates(_ invariant: String, _ what: String)
  /// The engine of `node` changed its tree or the bucket.
  func wrote(_ description: @autoclosure () -> String, node: String)
}

extension EffectLedger {
  package func landsLate(at path: RelativePath) {}
  package func violates(_ invariant: String, _ what: String) {}
  package func saw(_ path: RelativePath, etag: String, node: String) {}
  package func replacedRemotely(
    _ path: RelativePath, _ old: SimObject, by content: [UInt8], isMetadata: Bool, node: String
  ) {}
}
