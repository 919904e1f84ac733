package import AWSKit
internal import NIOCore
internal import SyncEngine
package import SyncModel

/// The objects by which the nodes of a prefix know of each other: `PREFIX/.martlet/nodes/ID/`, empty.
///
/// All functions throw `RemoteFailure`.
package struct NodeObjects: Sendable {
  private let client: S3Client
  private let bucket: String
  /// Ends in a slash.
  private let folder: String
  private let protection: [ObjectSettings.Field]

  /// - Parameter client: as the server wants it.
  package init(client: S3Client, location: S3Location, settings: ObjectSettings) {
    self.client = client.besideTransfers(patience: .seconds(60), attempts: 3)
    bucket = location.bucket
    folder = "\(location.prefix)\(ReservedNames.state)/nodes/"
    protection = settings.protection
  }

  private func key(_ id: String) -> String { "\(folder)\(id)/" }

  /// False where there is one already: of all who try, one creates it.
  package func create(_ id: String, _ record: NodeRecord) async throws -> Bool {
    try await put(id, record, .ifAbsent)
  }

  /// False where it was deleted meanwhile. All of these objects are empty and have one ETag: whose it is has to be looked
  /// at before.
  package func replace(_ seen: SeenNode, with record: NodeRecord) async throws -> Bool {
    try await put(seen.id, record, .ifMatch(seen.etag))
  }

  private func put(_ id: String, _ record: NodeRecord, _ condition: S3Condition) async throws -> Bool {
    try await performing(.prepare, key(id)) {
      do {
        _ = try await client.putObject(
          bucket: bucket, key: key(id), body: .bytes(ByteBuffer()),
          headers: S3ObjectHeaders(metadata: record.metadata, additional: protection), condition: condition)
        return true
      } catch let error as S3Error
        where [.preconditionFailed, .conditionalRequestConflict, .noSuchKey].contains(error.kind)
      {
        return false
      }
    }
  }

  /// Nil: there is none.
  package func look(_ id: String) async throws -> SeenNode? {
    try await performing(.read, key(id)) {
      do {
        let head = try await client.headObject(bucket: bucket, key: key(id))
        guard let date = head.date, let modified = head.lastModified, let etag = head.etag else {
          throw S3Error(
            .malformedReply, message: "the reply lacks Date, Last-Modified or ETag", operation: "HeadObject")
        }
        return SeenNode(
          id: id, record: NodeRecord(metadata: head.metadata), age: max(0, date.seconds - modified.seconds), etag: etag)
      } catch let error as S3Error where error.kind == .noSuchKey {
        return nil
      }
    }
  }

  package func remove(_ seen: SeenNode) async throws {
    try await performing(.tidy, key(seen.id)) {
      do {
        try await client.deleteObject(bucket: bucket, key: key(seen.id), ifMatch: seen.etag)
      } catch let error as S3Error where [.preconditionFailed, .noSuchKey].contains(error.kind) {
      } catch let error as S3Error where error.kind == .notImplemented {
        try await client.deleteObject(bucket: bucket, key: key(seen.id))
      }
    }
  }

  /// All of them, with the seconds since each was written.
  package func list() async throws -> [(id: String, age: Int64)] {
    var found: [(id: String, age: Int64)] = []
    var token: String?
    repeat {
      let page = try await performing(.list, folder) {
        try await client.listObjectsV2(bucket: bucket, prefix: folder, continuationToken: token)
      }
      guard let now = page.date else { break }
      for object in page.objects where object.key.hasSuffix("/") {
        let id = String(object.key.dropFirst(folder.count).dropLast())
        guard !id.isEmpty, !id.contains("/") else { continue }
        found.append((id, max(0, now.seconds - object.lastModified.seconds)))
      }
      token = page.isTruncated ? page.nextContinuationToken : nil
    } while token != nil
    return found
  }

  /// Every node with what it says of itself, by id.
  package func all() async throws -> [SeenNode] {
    let ids = try await list().map(\.id)
    return try await withThrowingTaskGroup(of: SeenNode?.self) { group in
      var nodes: [SeenNode] = []
      for (number, id) in ids.enumerated() {
        if number >= Self.parallel, let node = try await group.next() { node.map { nodes.append($0) } }
        group.addTask { try await look(id) }
      }
      for try await node in group { node.map { nodes.append($0) } }
      return nodes.sorted { $0.id < $1.id }
    }
  }

  private static let parallel = 16

  private func performing<Result: Sendable>(
    _ call: RemoteCall, _ key: String, _ requests: () async throws -> Result
  ) async throws -> Result {
    do { return try await requests() } catch let error as S3Error {
      throw RemoteFailure(error, of: call, bucket: bucket, key: key)
    }
  }
}

extension ServerCapabilities {
  /// Whether one node alone can create its object, and the object can be kept.
  package var canNameNodes: Bool { canLease && markers }
}
