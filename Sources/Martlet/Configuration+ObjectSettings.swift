import AWSKit
import RemoteTree

extension ObjectSettings {
  init(_ objects: Configuration.Objects) {
    self.init()
    func field(_ name: String, _ value: String?) -> [Field] {
      // As on the command line of the AWS CLI, empty text is none.
      value.flatMap { $0.isEmpty ? nil : [(name, $0)] } ?? []
    }
    access = field("x-amz-acl", objects.acl?.rawValue)
    for permission in Configuration.Objects.Grant.Permission.allCases {
      access += field(permission.header, objects.grants.last { $0.permission == permission }?.grantees)
    }
    encryption =
      field("x-amz-server-side-encryption", objects.sse?.rawValue)
      + field("x-amz-server-side-encryption-aws-kms-key-id", objects.sseKMSKeyID)
    content =
      field("x-amz-storage-class", objects.storageClass?.rawValue)
      + field("x-amz-website-redirect-location", objects.websiteRedirect)
      + field("Cache-Control", objects.cacheControl) + field("Content-Disposition", objects.contentDisposition)
      + field("Content-Encoding", objects.contentEncoding) + field("Content-Language", objects.contentLanguage)
      + field("Expires", objects.expires.flatMap { Configuration.Objects.httpDate($0) })
    contentType = objects.contentType.flatMap { $0.isEmpty ? nil : $0 }
    guessesContentType = objects.guessesContentType
    metadata = Dictionary(objects.metadata.map { ($0.key.lowercased(), $0.value) }) { $1 }
    copies =
      switch (objects.metadataDirective, objects.copyProps) {
      case (.replace, _): CopyRules(replacesMetadata: true)
      case (.copy, _), (nil, .default), (nil, .all): CopyRules()
      case (nil, .metadataDirective): CopyRules(dropsTags: true)
      case (nil, .none): CopyRules(replacesMetadata: true, dropsTags: true)
      }
    copySourceKey = objects.sseCCopySourceKey.flatMap { S3CustomerKey($0.bytes) }
    pageSize = objects.pageSize.flatMap { $0 == 0 ? nil : $0 }
    readsArchived = objects.forcesGlacierTransfer
  }
}

extension S3Client.Configuration {
  /// - Throws: ``MartletError`` where a key would cross the network in the clear.
  mutating func apply(_ objects: Configuration.Objects) throws {
    customerKey = objects.sseCKey.flatMap { S3CustomerKey($0.bytes) }
    if let algorithm = objects.checksumAlgorithm.flatMap({ S3ChecksumAlgorithm(rawValue: $0.rawValue) }) {
      checksums = .whenSupported
      checksumAlgorithm = algorithm
    }
    if objects.asksForChecksums { asksForChecksums = true }
    requestPayer = objects.requestPayer
    guard customerKey == nil && objects.sseCCopySourceKey == nil || endpoint.isConfidential else {
      throw MartletError(
        .configuration,
        "--sse-c-key: \(endpoint.description) is not reached over https, and S3 takes no keys over a connection that "
          + "anybody can read; give an --endpoint-url that begins with https://")
    }
  }
}
