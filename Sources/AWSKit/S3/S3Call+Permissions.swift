extension S3Call {
  /// What has to be allowed for it. Source: "Required permissions for Amazon S3 API operations" (S3 user guide), and the
  /// pages of the calls in the API reference.
  ///
  /// - Parameter partition: nil at other places than AWS.
  func permissions(partition: String?) -> [AWSPermission] {
    let bucket = Self.resource(of: bucket, key: nil, partition)
    let object = Self.resource(of: self.bucket, key: key ?? "", partition)
    func on(_ resource: String, _ actions: [String]) -> [AWSPermission] {
      actions.map { AWSPermission($0, on: resource) }
    }
    let version = query.contains { $0.name == "versionId" } ? "Version" : ""
    switch operation {
    case "HeadObject", "GetObject":
      // Who may not list is told of a missing object that he may not see it.
      return on(object, ["s3:GetObject\(version)"]) + on(bucket, ["s3:ListBucket"])
    case "GetObjectTagging": return on(object, ["s3:GetObject\(version)Tagging"])
    case "GetObjectAcl": return on(object, ["s3:GetObject\(version)Acl"])
    case "PutObjectTagging": return on(object, ["s3:PutObject\(version)Tagging"])
    case "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload":
      return on(object, ["s3:PutObject"] + actionsOfHeaders)
    case "CopyObject", "UploadPartCopy":
      return on(object, ["s3:PutObject"] + actionsOfHeaders) + permissionsOnSource(partition)
    case "DeleteObject":
      return on(object, ["s3:DeleteObject\(version)"] + actionsOfHeaders)
    case "DeleteObjects": return on(object + "*", ["s3:DeleteObject"])
    case "AbortMultipartUpload": return on(object, ["s3:AbortMultipartUpload"])
    case "ListParts": return on(object, ["s3:ListMultipartUploadParts"])
    case "ListMultipartUploads": return on(bucket, ["s3:ListBucketMultipartUploads"])
    case "ListObjectsV2", "HeadBucket": return on(bucket, ["s3:ListBucket"])
    case "GetBucketNotificationConfiguration": return on(bucket, ["s3:GetBucketNotification"])
    case "PutBucketNotificationConfiguration": return on(bucket, ["s3:PutBucketNotification"])
    case "GetBucketLocation", "CreateBucket": return on(bucket, ["s3:\(operation)"])
    default: return []
    }
  }

  private var actionsOfHeaders: [String] {
    let names = Set(headers.map { $0.name.lowercased() })
    var actions: [String] = []
    if names.contains("if-match") { actions.append("s3:GetObject") }
    if names.contains(where: { $0 == "x-amz-acl" || $0.hasPrefix("x-amz-grant-") }) {
      actions.append("s3:PutObjectAcl")
    }
    if names.contains("x-amz-tagging") { actions.append("s3:PutObjectTagging") }
    if names.contains("x-amz-object-lock-mode") { actions.append("s3:PutObjectRetention") }
    if names.contains("x-amz-object-lock-legal-hold") { actions.append("s3:PutObjectLegalHold") }
    return actions
  }

  private func permissionsOnSource(_ partition: String?) -> [AWSPermission] {
    guard let source else { return [] }
    let resource = Self.resource(of: source.bucket, key: source.key, partition)
    let version = source.versionID == nil ? "" : "Version"
    return [AWSPermission("s3:GetObject\(version)", on: resource)]
  }

  static func resource(of bucket: String, key: String?, _ partition: String?) -> String {
    let key = key.map(printable)
    func place(_ bucket: String) -> String { bucket + (key.map { "/\($0)" } ?? "") }
    if AccessPointARN.isARN(bucket) { return bucket + (key.map { "/object/\($0)" } ?? "") }
    guard let partition else { return place("s3://\(bucket)") }
    return place("arn:\(partition):s3:::\(bucket)")
  }
}

extension S3Endpoint {
  /// Nil: not one of AWS's.
  func partition(region: String?) -> String? {
    guard let custom else { return AWSPartition.of(region: region ?? S3Endpoint.defaultRegion).id }
    return AWSPartition.of(host: custom.host)?.id
  }
}
