internal import AWSKit
internal import SyncModel

extension S3ObjectHeaders {
  /// Of a new object.
  init(_ metadata: EntryMetadata) { self.init(metadata: metadata.user) }

  /// Everything that `head` says about the object and that a client may set, for a copy that replaces
  /// metadata and must lose nothing.
  init(carryingOver head: S3ObjectHead) {
    var fields: [(name: String, value: String)] = []
    func carry(_ name: String, _ value: String?) {
      if let value { fields.append((name, value)) }
    }
    carry("Cache-Control", head.cacheControl)
    carry("Content-Disposition", head.contentDisposition)
    carry("Content-Encoding", head.contentEncoding)
    carry("Content-Language", head.contentLanguage)
    carry("Expires", head.expires)
    carry("x-amz-website-redirect-location", head.websiteRedirectLocation)
    if head.storageClass != "STANDARD" { carry("x-amz-storage-class", head.storageClass) }
    carry("x-amz-server-side-encryption", head.serverSideEncryption)
    carry("x-amz-server-side-encryption-aws-kms-key-id", head.kmsKeyID)
    if head.bucketKeyEnabled { carry("x-amz-server-side-encryption-bucket-key-enabled", "true") }
    carry("x-amz-object-lock-mode", head.objectLockMode)
    carry("x-amz-object-lock-retain-until-date", head.objectLockRetainUntil)
    carry("x-amz-object-lock-legal-hold", head.objectLockLegalHold)
    self.init(contentType: head.contentType, metadata: head.metadata, additional: fields)
  }
}
