import EventFeed
package import SyncModel

extension IAMPolicy {
  /// The least that a run with this configuration has to be allowed: every action is one that it calls.
  ///
  /// - Throws: `S3Location.Problem`.
  package init(_ configuration: Configuration, _ scope: PolicyScope) throws(S3Location.Problem) {
    let location = try configuration.place
    statements = Self.tree(configuration, location, scope)
    statements += Self.journal(configuration, location, scope)
    statements += Self.key(configuration, scope)
    if let queue = configuration.eventQueue, !configuration.once, !configuration.dryRun {
      statements += Self.events(queue, location, scope)
    }
    if let cloudFront = configuration.cloudFront {
      // A dry run looks whether there is such a distribution, too.
      let actions = ["GetDistribution"] + (configuration.dryRun ? [] : ["CreateInvalidation"])
      statements.append(
        Statement(
          "Distribution", actions.map { "cloudfront:\($0)" },
          on: [scope.arn("cloudfront", region: "", "distribution/\(cloudFront.distribution)")]))
    }
  }

  // MARK: The prefix

  private static func tree(
    _ configuration: Configuration, _ location: S3Location, _ scope: PolicyScope
  ) -> [Statement] {
    let bucket = scope.bucket(location.bucket)
    let all = scope.objects(location.bucket, location.prefix) + "*"
    let below = literal(location.prefix) + "*"
    var statements = [
      Statement(
        "List", ["s3:ListBucket"], on: [bucket],
        location.prefix.isEmpty ? nil : Condition(key: "s3:prefix", pattern: below))
    ]
    var objects = ["s3:GetObject"]
    if scope.keepsVersions { objects.append("s3:GetObjectVersion") }
    guard configuration.nothingIsSent == nil else { return statements + [Statement("Objects", objects, on: [all])] }
    // The action knows no condition on the prefix.
    statements.append(Statement("Uploads", ["s3:ListBucketMultipartUploads"], on: [bucket]))
    objects += ["s3:PutObject", "s3:AbortMultipartUpload"]
    // The parts' checksums are asked for, where they cannot be computed from ours.
    if let algorithm = configuration.objects.checksumAlgorithm, algorithm != .crc64nvme {
      objects.append("s3:ListMultipartUploadParts")
    }
    // What copies within the bucket take along: those of a rename, and those that change metadata.
    objects += ["s3:GetObjectTagging", "s3:PutObjectTagging", "s3:GetObjectAcl"]
    if scope.keepsVersions { objects.append("s3:GetObjectVersionTagging") }
    if configuration.objects.acl != nil || !configuration.objects.grants.isEmpty { objects.append("s3:PutObjectAcl") }
    if configuration.deletes.contains(.up) {
      statements.append(Statement("Objects", objects + ["s3:DeleteObject"], on: [all]))
    } else {
      statements.append(Statement("Objects", objects, on: [all]))
      var own = [scope.objects(location.bucket, location.prefix) + "\(ReservedNames.state)/*"]
      if configuration.lease != nil {
        own.append(scope.objects(location.bucket, location.prefix) + ReservedNames.lease)
      }
      statements.append(Statement("OwnObjects", ["s3:DeleteObject"], on: own))
    }
    return statements
  }

  /// Where its entries lie outside the prefix; inside a run may do with them what it has to.
  private static func journal(
    _ configuration: Configuration, _ location: S3Location, _ scope: PolicyScope
  ) -> [Statement] {
    guard let prefix = configuration.journal?.prefix, !configuration.dryRun else { return [] }
    let folder = S3Location(bucket: location.bucket, prefix: prefix).prefix
    if folder.utf8.starts(with: location.prefix.utf8) { return [] }
    let changes = configuration.nothingIsSent == nil ? ["s3:PutObject", "s3:DeleteObject"] : []
    return [
      Statement(
        "JournalList", ["s3:ListBucket"], on: [scope.bucket(location.bucket)],
        Condition(key: "s3:prefix", pattern: literal(folder) + "*")),
      Statement("Journal", ["s3:GetObject"] + changes, on: [scope.objects(location.bucket, folder) + "*"]),
    ]
  }

  /// Of the key that AWS keeps for S3 every account's users may make use.
  private static func key(_ configuration: Configuration, _ scope: PolicyScope) -> [Statement] {
    guard configuration.objects.sse == .kms, let id = configuration.objects.sseKMSKeyID, !id.isEmpty else {
      return []
    }
    let actions = ["kms:Decrypt"] + (configuration.nothingIsSent == nil ? ["kms:GenerateDataKey"] : [])
    guard let alias = id.firstRange(of: "alias/") else {
      return [
        Statement(
          "Key", actions, on: [id.hasPrefix("arn:") ? id : scope.arn("kms", "key/\(id)")],
          Condition(key: "kms:ViaService", pattern: scope.s3Service))
      ]
    }
    // What a policy names are keys; one of them has the alias.
    let name = String(id[alias.lowerBound...])
    let keys = id.hasPrefix("arn:") ? id[..<alias.lowerBound] + "key/*" : scope.arn("kms", "key/*")
    return [
      Statement(
        "Key", actions, on: [keys],
        Condition(comparison: "ForAnyValue:StringLike", key: "kms:ResourceAliases", pattern: literal(name)))
    ]
  }

  // MARK: Events

  private static func events(
    _ queue: Configuration.EventQueue, _ location: S3Location, _ scope: PolicyScope
  ) -> [Statement] {
    let names = FeedNames(queue: queue.name, node: "", bucket: location.bucket, prefix: location.prefix)
    let queueNames = FeedNames.pattern(queue.name)
    func actions(_ service: String, _ names: [String]) -> [String] { names.map { "\(service):\($0)" } }
    var statements = [
      Statement(
        "Notifications", actions("s3", ["GetBucketNotification", "PutBucketNotification"]),
        on: [scope.bucket(location.bucket)]),
      Statement(
        "Queue",
        actions(
          "sqs",
          [
            "GetQueueUrl", "CreateQueue", "TagQueue", "ListQueueTags", "GetQueueAttributes", "SetQueueAttributes",
            "ReceiveMessage", "DeleteMessage",
          ] + (queue.cleansUp ? ["DeleteQueue"] : [])), on: [scope.arn("sqs", queueNames)]),
    ]
    if queue.route == .sns || queue.route == .auto {
      // A topic that somebody else's rule keeps from getting events is taken away at once.
      statements += [
        Statement(
          "Topic",
          actions(
            "sns",
            [
              "CreateTopic", "GetTopicAttributes", "SetTopicAttributes", "Subscribe", "ListSubscriptionsByTopic",
              "DeleteTopic",
            ]), on: [scope.arn("sns", names.topic)]),
        // The action knows no resource.
        Statement("Subscription", ["sns:Unsubscribe"], on: ["*"]),
      ]
    }
    if queue.route == .eventBridge || queue.route == .auto {
      statements.append(
        Statement(
          "Rule",
          actions("events", ["PutRule", "PutTargets"] + (queue.cleansUp ? ["RemoveTargets", "DeleteRule"] : [])),
          on: [scope.arn("events", "rule/\(FeedNames.rulePattern(queue.name))")]))
    }
    return statements
  }
}
