internal import CLinux
internal import Glibc

/// How long and how much the trash keeps.
package struct TrashQuota: Hashable, Sendable {
  /// Default 30 days.
  package var retention: Duration
  /// Of the disk that the trash lies on. Default 0.1.
  package var share: Double

  package init(retention: Duration = .seconds(30 * 86_400), share: Double = 0.1) {
    self.retention = retention
    self.share = share
  }

  /// Bytes on the disk of this folder.
  func bytes(for directory: Descriptor) throws -> Int64 {
    var space = clinux_space()
    try check(directory.kernel.space(directory.raw, &space))
    return Int64(Double(space.total_bytes) * share)
  }
}
