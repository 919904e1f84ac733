internal import AWSKit
internal import NIOConcurrencyHelpers
internal import SyncModel

/// The objects that listings showed in a class from which they have to be restored first, so that they are skipped
/// without asking for them again and again.
final class ArchivedObjects: Sendable {
  /// As the AWS CLI has it: what lies in the other classes can be read at once.
  private static let classes: Set = ["GLACIER", "DEEP_ARCHIVE"]
  /// Those that are beyond it are asked for, and refused by the server.
  private static let capacity = 100_000

  private struct Object {
    var etag: String
    var storageClass: String
    var isSkipped = false
  }

  private let objects = NIOLockedValueBox<[String: Object]>([:])

  func note(_ page: [S3ListPage.Object]) {
    objects.withLockedValue { objects in
      for object in page {
        if Self.classes.contains(object.storageClass) {
          guard objects.count < Self.capacity || objects[object.key] != nil else { continue }
          guard objects[object.key]?.etag != object.etag else { continue }
          objects[object.key] = Object(etag: object.etag, storageClass: object.storageClass)
        } else if !objects.isEmpty {
          objects[object.key] = nil
        }
      }
    }
  }

  /// The class for which a version is not to be read; nil: it can be, as far as is known.
  func skip(_ key: String, _ stamp: RemoteStamp) -> String? {
    objects.withLockedValue { objects in
      guard let object = objects[key], object.etag == stamp.etag else { return nil }
      objects[key]?.isSkipped = true
      return object.storageClass
    }
  }

  func wasSkipped(_ key: String) -> Bool { objects.withLockedValue { $0[key]?.isSkipped ?? false } }
}
