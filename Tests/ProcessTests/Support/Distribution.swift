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
      print(client.create_distribution(DistributionConfig=config(argument))["Distribution"]["Id"])
      """, "\(workspace.nextNumber())", on: server, in: workspace)
    return Distribution(id: output, server: server, workspace: workspace)
  }

  /// Oldest first.
  func invalidations() async throws -> [Invalidation] {
    let output = try await Self.python(
      """
      batches = []
      for item in client.list_invalidations(DistributionId=argument)["InvalidationList"].get("Items") or []:
          found = client.get_invalidation(DistributionId=argument, Id=item["Id"])["Invalidation"]
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
    try await Boto.run("client = client('cloudfront')\n" + script, argument, on: server, in: workspace)
  }
}
