import AWSKit
import Foundation
import NIOHTTP1

/// What AWS would ask of who sends these requests, told from the requests alone. Sources: "Required permissions for
/// Amazon S3 API operations", the pages of the calls in the API reference of S3, and the service authorization reference.
struct NeededPermissions {
  static let account = "123456789012"
  static let region = "us-east-1"

  /// Keys of objects with tags, which copies take along.
  var tagged: Set<String> = []
  /// The key of KMS that everything is encrypted with.
  var kmsKey: String?

  func needs(_ request: ProxiedRequest) throws -> [Need] {
    if let target = request.headers.first(name: "X-Amz-Target") { return try ofService(target, request) }
    let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let query = parts.count > 1 ? Self.fields(parts[1]) : [:]
    let path = parts[0].removingPercentEncoding ?? String(parts[0])
    if path.hasPrefix("/2020-05-31/distribution/") {
      let action = request.method == "GET" ? "GetDistribution" : "CreateInvalidation"
      let id = path.split(separator: "/")[2]
      return [Need(action: "cloudfront:\(action)", resource: "arn:aws:cloudfront::\(Self.account):distribution/\(id)")]
    }
    if path == "/" { return try ofTopics(Self.fields(String(decoding: request.body, as: UTF8.self))) }
    let names = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    if names.count < 2 || names[1].isEmpty { return try ofBucket(String(names[0]), query, request) }
    return ofObject(String(names[0]), String(names[1]), query, request) + encryption(request, query)
  }

  private static func fields(_ text: some StringProtocol) -> [String: String] {
    var fields: [String: String] = [:]
    for field in text.split(separator: "&") {
      let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      fields[String(pair[0])] = pair.count > 1 ? pair[1].removingPercentEncoding ?? "" : ""
    }
    return fields
  }

  // MARK: S3

  private func arn(_ bucket: String, _ key: String? = nil) -> String {
    "arn:aws:s3:::\(bucket)" + (key.map { "/\($0)" } ?? "")
  }

  private func ofBucket(
    _ bucket: String, _ query: [String: String], _ request: ProxiedRequest
  ) throws -> [Need] {
    let resource = arn(bucket)
    switch request.method {
    // The answer is wanted for the region in it, which a refusal has as well.
    case "HEAD": return []
    case "GET" where query["list-type"] != nil:
      return [
        Need(action: "s3:ListBucket", resource: resource, context: query["prefix"].map { ["s3:prefix": $0] } ?? [:])
      ]
    case "GET" where query["uploads"] != nil: return [Need(action: "s3:ListBucketMultipartUploads", resource: resource)]
    case "GET" where query["notification"] != nil: return [Need(action: "s3:GetBucketNotification", resource: resource)]
    case "PUT" where query["notification"] != nil: return [Need(action: "s3:PutBucketNotification", resource: resource)]
    case "POST" where query["delete"] != nil:
      return try XMLNode(parsing: request.body).all("Object").flatMap { object in
        let resource = arn(bucket, object.text("Key") ?? "")
        return [Need(action: "s3:DeleteObject", resource: resource)]
          + (object.text("ETag") == nil ? [] : [Need(action: "s3:GetObject", resource: resource)])
      }
    default: throw Unknown(description: "\(request.method) \(request.target)")
    }
  }

  private func ofObject(
    _ bucket: String, _ key: String, _ query: [String: String], _ request: ProxiedRequest
  ) -> [Need] {
    let object = arn(bucket, key)
    let version = query["versionId"] == nil ? "" : "Version"
    func on(_ actions: String...) -> [Need] { actions.map { Need(action: "s3:\($0)", resource: object) } }
    func has(_ header: String) -> Bool { request.headers.contains(name: header) }
    switch request.method {
    case "GET" where query["tagging"] != nil: return on("GetObject\(version)Tagging")
    case "GET" where query["acl"] != nil: return on("GetObjectAcl")
    case "GET" where query["uploadId"] != nil: return on("ListMultipartUploadParts")
    case "GET", "HEAD":
      // Of an object that is not there S3 tells only who may list it.
      return on("GetObject\(version)")
        + [Need(action: "s3:ListBucket", resource: arn(bucket), context: ["s3:prefix": key])]
    case "DELETE" where query["uploadId"] != nil: return on("AbortMultipartUpload")
    case "DELETE": return on("DeleteObject\(version)") + (has("If-Match") ? on("GetObject") : [])
    default:
      var needs = on("PutObject")
      if has("If-Match") { needs += on("GetObject") }
      if has("x-amz-acl") || request.headers.contains(where: { $0.name.lowercased().hasPrefix("x-amz-grant-") }) {
        needs += on("PutObjectAcl")
      }
      if has("x-amz-tagging") { needs += on("PutObjectTagging") }
      if let source = request.headers.first(name: "x-amz-copy-source") { needs += copy(source, object, request) }
      return needs
    }
  }

  private func copy(_ source: String, _ target: String, _ request: ProxiedRequest) -> [Need] {
    let parts = source.split(separator: "?", maxSplits: 1)
    let path = parts[0].removingPercentEncoding ?? ""
    let version = parts.count > 1 ? "Version" : ""
    let resource = "arn:aws:s3:::\(path)"
    var needs = [Need(action: "s3:GetObject\(version)", resource: resource)]
    let keepsTags = request.headers.first(name: "x-amz-tagging-directive") != "REPLACE"
    if keepsTags, tagged.contains(String(path.drop { $0 != "/" }.dropFirst())) {
      needs.append(Need(action: "s3:GetObject\(version)Tagging", resource: resource))
      needs.append(Need(action: "s3:PutObjectTagging", resource: target))
    }
    return needs
  }

  private func encryption(_ request: ProxiedRequest, _ query: [String: String]) -> [Need] {
    guard let kmsKey else { return [] }
    func on(_ actions: String...) -> [Need] {
      actions.map {
        Need(action: "kms:\($0)", resource: kmsKey, context: ["kms:ViaService": "s3.\(Self.region).amazonaws.com"])
      }
    }
    let isOfParts = query["uploads"] != nil || query["uploadId"] != nil
    switch request.method {
    case "GET", "HEAD": return query.keys.contains { ["acl", "tagging"].contains($0) } ? [] : on("Decrypt")
    case "PUT", "POST": return isOfParts ? on("GenerateDataKey", "Decrypt") : on("GenerateDataKey")
    default: return []
    }
  }

  // MARK: Other services

  private func ofService(_ target: String, _ request: ProxiedRequest) throws -> [Need] {
    let action = target.split(separator: ".").last ?? ""
    let body = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any] ?? [:]
    func text(_ name: String) -> String? { body[name] as? String }
    if target.hasPrefix("AWSEvents.") {
      let rule = text("Rule") ?? text("Name") ?? ""
      return [
        Need(action: "events:\(action)", resource: "arn:aws:events:\(Self.region):\(Self.account):rule/\(rule)")
      ]
    }
    guard target.hasPrefix("AmazonSQS.") else { throw Unknown(description: target) }
    let queue = text("QueueName") ?? text("QueueUrl")?.split(separator: "/").last.map(String.init) ?? ""
    let resource = "arn:aws:sqs:\(Self.region):\(Self.account):\(queue)"
    let name = action == "DeleteMessageBatch" ? "DeleteMessage" : String(action)
    return [Need(action: "sqs:\(name)", resource: resource)]
      // Tags that a queue is made with.
      + (body["tags"] == nil ? [] : [Need(action: "sqs:TagQueue", resource: resource)])
  }

  private func ofTopics(_ form: [String: String]) throws -> [Need] {
    guard let action = form["Action"], form["Version"] == "2010-03-31" else { throw Unknown(description: "\(form)") }
    // It has no kind of resource, so that a policy has to allow all.
    if action == "Unsubscribe" { return [Need(action: "sns:Unsubscribe", resource: "*")] }
    let name = form["Name"].map { "arn:aws:sns:\(Self.region):\(Self.account):\($0)" }
    return [Need(action: "sns:\(action)", resource: form["TopicArn"] ?? name ?? "")]
  }

  struct Unknown: Error, CustomStringConvertible {
    let description: String
  }
}
