package import SyncModel

/// Bytes that can be read at any place, again and again.
package protocol ContentSource: Sendable {
  /// Bytes.
  var size: Int64 { get }
  /// Exactly `count` bytes at `offset`; throws `LocalFailure` `.changed` where the file became shorter.
  func read(at offset: Int64, count: Int) async throws -> [UInt8]
}

/// A file held still while it is uploaded.
package protocol LocalSnapshot: ContentSource {
  var stamp: LocalStamp { get }
  /// A verified copy of a file that somebody has open for writing: later changes do not touch it.
  var isOfOpenFile: Bool { get }
  /// Called after the last read, right before the commit point: did the content hold still?
  func verify() async throws -> SnapshotVerdict
  func close() async
}

package enum SnapshotVerdict: Hashable, Sendable {
  /// Provisional: the stamp may not prove later that nothing changed.
  case stable(isProvisional: Bool)
  case changed
}

package struct SmallContent: Sendable {
  package var bytes: [UInt8]
  package var fingerprint: Fingerprint
  package var stamp: LocalStamp
  package var isProvisional: Bool
  /// Read while somebody had the file open for writing: further changes are nothing new.
  package var isOfOpenFile: Bool

  package init(
    bytes: [UInt8], fingerprint: Fingerprint, stamp: LocalStamp, isProvisional: Bool, isOfOpenFile: Bool = false
  ) {
    self.bytes = bytes
    self.isOfOpenFile = isOfOpenFile
    self.fingerprint = fingerprint
    self.stamp = stamp
    self.isProvisional = isProvisional
  }
}

extension SmallContent: ContentSource {
  package var size: Int64 { Int64(bytes.count) }

  package func read(at offset: Int64, count: Int) async throws -> [UInt8] {
    Array(bytes[Int(offset)..<Int(offset) + count])
  }
}

/// Takes bytes at any place; calls for different places may be concurrent. Blocking.
package protocol ContentSink: Sendable {
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws
}

/// A new content below `tmp/`, not yet in the tree.
package protocol StagedFile: ContentSink {
  /// Removes it. After `install` took it, does nothing.
  func discard() async
}
