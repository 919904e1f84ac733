import Foundation

/// What carries events on a server, as somebody else sees it.
struct EventCarriers: Codable, Hashable {
  var queues: [String]
  var topics: [String]
  /// The queues that topics feed.
  var subscriptions: [String]
  /// Of EventBridge, and where they lead.
  var rules: [String: [String]]
  /// Of the bucket.
  var notifications: String

  static func look(on server: TestServer, in workspace: Workspace) async throws -> Self {
    let output = try await Boto.run(
      """
      sqs, sns, events, s3 = client("sqs"), client("sns"), client("events"), client("s3")
      found = s3.get_bucket_notification_configuration(Bucket=argument)
      found.pop("ResponseMetadata")
      def name(path): return path.split("/")[-1].split(":")[-1]
      rules = [rule["Name"] for rule in events.list_rules()["Rules"]]
      print(json.dumps({
          "queues": sorted(name(url) for url in sqs.list_queues().get("QueueUrls", [])),
          "topics": sorted(name(topic["TopicArn"]) for topic in sns.list_topics()["Topics"]),
          "subscriptions": sorted(name(one["Endpoint"]) for one in sns.list_subscriptions()["Subscriptions"]),
          "rules": {rule: [name(target["Arn"]) for target in events.list_targets_by_rule(Rule=rule)["Targets"]]
                    for rule in rules},
          "notifications": json.dumps(found, sort_keys=True)}))
      """, TestServer.bucketName, on: server, in: workspace)
    return try JSONDecoder().decode(Self.self, from: Data(output.utf8))
  }

  /// Somebody else's: a queue, a topic that feeds it, a rule of EventBridge, and a rule of the bucket for these keys.
  static func ofSomeoneElse(_ prefix: String, on server: TestServer, in workspace: Workspace) async throws {
    try await Boto.run(
      """
      bucket, prefix = argument.split(":")
      sqs, sns, events = client("sqs"), client("sns"), client("events")
      url = sqs.create_queue(QueueName="theirs")["QueueUrl"]
      arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
      sns.subscribe(TopicArn=sns.create_topic(Name="theirs")["TopicArn"], Protocol="sqs", Endpoint=arn)
      events.put_rule(Name="theirs", EventPattern='{"source": ["aws.s3"]}')
      events.put_targets(Rule="theirs", Targets=[{"Id": "1", "Arn": arn}])
      client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
          "EventBridgeConfiguration": {},
          "QueueConfigurations": [{
              "Id": "theirs & co", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"],
              "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}}]})
      """, "\(TestServer.bucketName):\(prefix)", on: server, in: workspace)
  }
}
