import Foundation

/// A CloudFront distribution of moto, as an independent party sees it.
struct Distribution: Sendable {
  struct Invalidation: Codable, Hashable, Sendable {
    var reference: String
    var paths: [String]
  }

  let id: String
  let server: TestServer
  let workspace: Workspace

  static func create(on server: TestServer, in workspace: Workspace) async throws -> Distribution {
    let output = try await python(
      """
      def config(reference):
          return {
              "CallerReference": reference, "Comment": "", "Enabled": True,
              "Origins": {"Quantity": 1, "Items": [{
                  "Id": "o", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
              "DefaultCacheBehavior": {
                  "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0,
                  "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}},
          }
      print(client.create_distribution(DistributionConfig=config(sys.argv[2]))["Distribution"]["Id"])
      """, "\(workspace.nextNumber())", on: server, in: workspace)
    return Distribution(id: output, server: server, workspace: workspace)
  }

  /// Oldest first.
  func invalidations() async throws -> [Invalidation] {
    let output = try await Self.python(
      """
      batches = []
      for item in client.list_invalidations(DistributionId=sys.argv[2])["InvalidationList"].get("Items") or []:
          found = client.get_invalidation(DistributionId=sys.argv[2], Id=item["Id"])["Invalidation"]
          batch = found["InvalidationBatch"]
          batches.append({"reference": batch["CallerReference"], "paths": batch["Paths"]["Items"]})
      print(json.dumps(batches))
      """, id, on: server, in: workspace)
    return try JSONDecoder().decode([Invalidation].self, from: Data(output.utf8))
  }

  /// Requests that reached it.
  var requests: Int {
    server.child?.logLines.count { $0.contains("POST /2020-05-31/distribution/\(id)/invalidation") } ?? 0
  }

  private static func python(
    _ script: String, _ argument: String, on server: TestServer, in workspace: Workspace
  ) async throws -> String {
    let preamble = "import boto3, json, sys\nclient = boto3.client('cloudfront', endpoint_url=sys.argv[1])\n"
    let run = try await ProcessTests.finished(
      [try Programs.python("python3"), "-c", preamble + script, server.url, argument], in: workspace,
      environment: TestServer.awsVariables)
    guard run.end == .exited(0) else { throw Child.Failure(description: run.output) }
    return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
