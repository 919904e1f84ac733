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
  /// Seconds after which a skipped object is looked at again: it may have been restored.
  private static let rest: Int64 = 3_600

  private struct Object {
    var etag: String
    var storageClass: String
    /// When it was, in seconds since 1970.
    var skipped: Int64?
  }

  private let objects = NIOLockedValueBox<[String: Object]>([:])

  func note(_ page: [S3ListPage.Object]) {
    objects.withLockedValue { objects in
      for object in page {
        if Self.classes.contains(object.storageClass) {
          guard objects.count < Self.capacity || objects[object.key] != nil,
            objects[object.key]?.etag != object.etag
          else { continue }
          objects[object.key] = Object(etag: object.etag, storageClass: object.storageClass)
        } else if !objects.isEmpty {
          objects[object.key] = nil
        }
      }
    }
  }

  /// A look at an object; a listing does not tell what was restored.
  ///
  /// - Parameter restore: the header `x-amz-restore`.
  func note(_ key: String, storageClass: String, restore: String?) {
    let isReadable =
      !Self.classes.contains(storageClass) || restore?.contains("ongoing-request=\"false\"") ?? false
    if isReadable { objects.withLockedValue { $0[key] = nil } }
  }

  /// The class for which a version is not to be read; nil: it can be, as far as is known.
  func skip(_ key: String, _ stamp: RemoteStamp, now: AWSTimestamp) -> String? {
    objects.withLockedValue { objects in
      guard let object = objects[key], object.etag == stamp.etag else { return nil }
      objects[key]?.skipped = now.seconds
      return object.storageClass
    }
  }

  /// The class of an object that was skipped and is not worth a look yet.
  func resting(_ key: String, now: AWSTimestamp) -> String? {
    objects.withLockedValue { objects in
      guard let object = objects[key], let skipped = object.skipped, (0..<Self.rest).contains(now.seconds - skipped)
      else { return nil }
      return object.storageClass
    }
  }

  func wasSkipped(_ key: String) -> Bool { objects.withLockedValue { $0[key]?.skipped != nil } }
}
