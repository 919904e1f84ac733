import Foundation

/// Somebody who reads the nodes' queues as well, and loses, doubles or holds back what he gets.
struct EventThief {
  struct Counts: Codable, Hashable {
    var lost = 0
    var doubled = 0
    var late = 0
  }

  private let child: Child
  private let workspace: Workspace

  /// - Parameter seconds: for how long events are held back at most, which reorders them.
  static func begin(
    _ queues: String, seconds: Int, on server: TestServer, in workspace: Workspace
  ) async throws -> Self {
    let child = try Boto.start(
      """
      import os, random, threading
      from botocore.exceptions import ClientError
      prefix, seconds, end = argument.split(":")
      counts, lock = {"lost": 0, "doubled": 0, "late": 0}, threading.Lock()

      def steal(url):
          sqs = client("sqs")
          def send(message, seconds=0):
              sqs.send_message(QueueUrl=url, MessageBody=message["Body"], DelaySeconds=seconds, MessageAttributes={
                  "stolen": {"DataType": "String", "StringValue": "yes"}})
          while not os.path.exists(end):
              reply = sqs.receive_message(
                  QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"])
              for message in reply.get("Messages", []):
                  receipt = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
                  if "MessageAttributes" in message:
                      # Its reader's turn.
                      try: sqs.change_message_visibility(VisibilityTimeout=0, **receipt)
                      except ClientError: pass
                      continue
                  fate = random.choice(list(counts))
                  if fate == "doubled":
                      send(message)
                      send(message)
                  elif fate == "late":
                      send(message, random.randint(1, int(seconds)))
                  sqs.delete_message(**receipt)
                  with lock: counts[fate] += 1

      urls = client("sqs").list_queues(QueueNamePrefix=prefix)["QueueUrls"]
      # Each reader waits for messages like the node, and gets its share.
      threads = [threading.Thread(target=steal, args=[url]) for url in urls for _ in range(2)]
      for thread in threads: thread.start()
      print("ready", flush=True)
      for thread in threads: thread.join()
      print(json.dumps(counts))
      """, "\(queues):\(seconds):\(workspace.path)/no-more", on: server, in: workspace)
    _ = try await child.line(containing: "ready")
    return EventThief(child: child, workspace: workspace)
  }

  func end() async throws -> Counts {
    try write(workspace.path + "/no-more", "")
    guard try await child.ended() == .exited(0), let line = child.logLines.last else {
      throw Child.Failure(description: child.log)
    }
    return try JSONDecoder().decode(Counts.self, from: Data(line.utf8))
  }
}
