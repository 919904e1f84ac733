package import AWSKit
internal import SyncModel

/// What the user wants to be said of objects, and how they are listed and read.
package struct ObjectSettings: Sendable {
  package typealias Field = (name: String, value: String)

  /// Who may see and change them: `x-amz-acl`, or `x-amz-grant-…`. With every write, since a policy of the bucket may
  /// ask for it.
  package var access: [Field] = []
  /// `x-amz-server-side-encryption` and the key of KMS. With every write, too. (A customer's key is the client's.)
  package var encryption: [Field] = []
  /// Of files: `Cache-Control`, `x-amz-storage-class`, …
  package var content: [Field] = []
  package var contentType: String?
  /// By the name, where ``contentType`` says nothing.
  package var guessesContentType = true
  /// User metadata of files, beside our own, which wins; the names in lower case, without `x-amz-meta-`.
  package var metadata: [String: String] = [:]
  package var copies = CopyRules()
  /// Of the sources of copies, where it is another one than that of all objects.
  package var copySourceKey: S3CustomerKey?
  /// Keys of one page of a listing; nil: the server's limit.
  package var pageSize: Int?
  /// Whether objects in an archive class are asked for all the same: they may have been restored.
  package var readsArchived = false
  /// Whether user and group of entries are read and written.
  package var keepsOwner = false

  package init() {}

  /// What becomes of an object's properties when it is renamed, or kept as a conflict copy.
  package struct CopyRules: Hashable, Sendable {
    /// The copy gets what a new file gets, beside our own metadata.
    package var replacesMetadata = false
    package var dropsTags = false

    package init(replacesMetadata: Bool = false, dropsTags: Bool = false) {
      self.replacesMetadata = replacesMetadata
      self.dropsTags = dropsTags
    }
  }

  /// What every object carries, scratch objects and copies aside too.
  var protection: [Field] { access + encryption }

  /// Of small objects that are no files.
  package var scratchHeaders: S3ObjectHeaders { S3ObjectHeaders(additional: protection) }

  /// Of a new object. Links and folder markers are no files to those who read the bucket otherwise.
  ///
  /// - Parameter former: the user metadata of the object that it replaces; what others wrote there stays.
  func headers(_ metadata: EntryMetadata, key: String, replacing former: [String: String] = [:]) -> S3ObjectHeaders {
    let headers = headers(metadata.user, kind: metadata.kind, key: key)
    guard !former.isEmpty else { return headers }
    var kept = headers
    kept.metadata = metadata.replacing(in: former, isNewContent: true).merging(headers.metadata) { $1 }
    // What others wrote may have filled the room that there is.
    let size = kept.metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    return size <= Self.metadataRoom ? kept : headers
  }

  /// Bytes of names and values ("Working with object metadata" in the S3 user guide).
  private static let metadataRoom = 2048

  private func headers(_ own: [String: String], kind: EntryKind, key: String) -> S3ObjectHeaders {
    var headers = S3ObjectHeaders(metadata: own, additional: protection)
    guard kind == .file else { return headers }
    headers.metadata.merge(metadata) { own, _ in own }
    headers.contentType = contentType ?? (guessesContentType ? ContentType.guess(key) : nil)
    headers.additional += content
    return headers
  }

  /// Of a copy to `target` that is to be what `head` says.
  ///
  /// - Returns: the headers, and whether they differ from what a plain copy takes along.
  func headers(
    copying head: S3ObjectHead, from source: String, to target: String
  ) -> (headers: S3ObjectHeaders, replacesMetadata: Bool) {
    var headers = S3ObjectHeaders(carryingOver: head, encryption: encryption)
    headers.additional += access
    let kind = EntryMetadata(user: head.metadata, isMarker: target.utf8.last == UInt8(ascii: "/")).kind
    if copies.replacesMetadata {
      let own = head.metadata.filter { EntryMetadata.ownNames.union(["uid", "gid"]).contains($0.key) }
      return (self.headers(own, kind: kind, key: target), true)
    }
    // What was guessed by a name is guessed again by the new one: editors save under another name first.
    guard contentType == nil, guessesContentType, kind == .file, head.missingMetadata == 0,
      let type = ContentType.guess(target), type != head.contentType,
      head.contentType == ContentType.guess(source) ?? ContentType.unknown
    else { return (headers, false) }
    headers.contentType = type
    return (headers, true)
  }
}

extension S3ObjectHeaders {
  /// Everything that `head` says about the object and that a client may set, for a copy that replaces
  /// metadata and must lose nothing.
  ///
  /// - Parameter wanted: the encryption that new objects get; it does not take the place of a stronger one.
  init(carryingOver head: S3ObjectHead, encryption wanted: [ObjectSettings.Field] = []) {
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
    let isManaged = head.serverSideEncryption?.hasPrefix("aws:kms") ?? false
    if !wanted.isEmpty, !isManaged || wanted.contains(where: { $0.value.hasPrefix("aws:kms") }) {
      fields += wanted
    } else if head.customerKeyAlgorithm == nil {
      carry("x-amz-server-side-encryption", head.serverSideEncryption)
      carry("x-amz-server-side-encryption-aws-kms-key-id", head.kmsKeyID)
      if head.bucketKeyEnabled { carry("x-amz-server-side-encryption-bucket-key-enabled", "true") }
    }
    carry("x-amz-object-lock-mode", head.objectLockMode)
    carry("x-amz-object-lock-retain-until-date", head.objectLockRetainUntil)
    carry("x-amz-object-lock-legal-hold", head.objectLockLegalHold)
    self.init(contentType: head.contentType, metadata: head.metadata, additional: fields)
  }
}
