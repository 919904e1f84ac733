internal import SyncModel

/// By which call an object is copied inside the bucket, so that its target is changed conditionally.
enum CopyRoute: Hashable {
  /// CopyObject with conditions on both sides.
  case copy
  /// Small: read it and put it conditionally.
  case rewrite
  /// UploadPartCopy and a conditional completion.
  case parts
  /// CopyObject or parts, between looks.
  case unconditional

  /// Bytes that one CopyObject takes (Amazon S3 user guide, "copying objects").
  static let largestCopy: Int64 = 5_000_000_000
  /// Bytes that are held in memory to be written anew.
  private static let rewrittenSize: Int64 = 8 << 20

  static func choose(size: Int64, replacing expected: RemoteStamp?, _ capabilities: ServerCapabilities) -> CopyRoute {
    if size <= largestCopy, capabilities.copyHonours(expected) { return .copy }
    if size <= Self.rewrittenSize, capabilities.putHonours(expected) { return .rewrite }
    if size > 0, capabilities.completeHonours(expected) { return .parts }
    return .unconditional
  }
}
