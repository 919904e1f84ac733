package import AWSKit
package import Logging
internal import NIOConcurrencyHelpers
internal import SyncEngine
package import SyncModel

/// A prefix of a bucket as a tree of paths: the remote port of the engine.
///
/// A write that changes the tree is sent once. Only where the server certainly has not processed it (no
/// connection, 503, 429) is it sent again; what else fails is reported as the port's failures say. Reads,
/// and writes whose repetition changes nothing, are retried inside.
package struct RemoteTree: Sendable {
  package let location: S3Location
  let keys: KeyMapping
  /// Names this node's folder below the prefix; no slash.
  let node: String
  let logger: Logger
  let settings: ObjectSettings
  let plan: TransferPlan
  let archived = ArchivedObjects()
  /// As the caller configured it.
  private let given: S3Client
  /// Where the bytes of downloads are written, since that blocks; nil: wherever the reply is read.
  let writing: (any TaskExecutor)?
  private let state: NIOLockedValueBox<State>

  private struct State {
    var client: S3Client
    var capabilities: ServerCapabilities
    /// Reading by version id takes a permission of its own (`s3:GetObjectVersion`), which was refused.
    var readsVersions = true
    /// The server knows ACLs.
    var readsAccess = true
  }

  /// - Parameters:
  ///   - node: the node id, for names below `PREFIX/.martlet/`.
  ///   - capabilities: what ``CapabilityProbe`` found out about this server; `.none`: nothing is written.
  ///   - settings: what goes along with objects.
  ///   - plan: how large contents are cut.
  ///   - writing: an executor whose threads may block.
  package init(
    client: S3Client, location: S3Location, node: String, capabilities: ServerCapabilities,
    settings: ObjectSettings = ObjectSettings(), plan: TransferPlan = TransferPlan(), logger: Logger,
    writing: (any TaskExecutor)? = nil
  ) {
    given = client
    self.location = location
    self.node = node
    self.settings = settings
    self.plan = plan
    self.logger = logger
    self.writing = writing
    keys = KeyMapping(location)
    state = NIOLockedValueBox(State(client: capabilities.configured(client), capabilities: capabilities))
  }

  package var capabilities: ServerCapabilities { state.withLockedValue { $0.capabilities } }

  /// How well other writers are kept apart from ours.
  package var safetyLevel: SafetyLevel { capabilities.safetyLevel }

  /// Asks the server again what it can do, since a condition that it was thought to know failed for no
  /// reason; the answer counts from now on.
  ///
  /// - Returns: for the caller to keep.
  package func reprobe() async throws -> ServerCapabilities {
    let found = try await CapabilityProbe(client: given, location: location, settings: settings, logger: logger).run()
    state.withLockedValue {
      $0.capabilities = found
      $0.client = found.configured(given)
    }
    return found
  }

  var client: S3Client { state.withLockedValue { $0.client } }
  var bucket: String { location.bucket }

  /// The version id to read this version by.
  func readableVersion(_ stamp: RemoteStamp) -> String? { readsVersions ? stamp.versionID : nil }

  var readsVersions: Bool { state.withLockedValue { $0.readsVersions } }

  func stopReadingVersions() {
    let isNews = state.withLockedValue { state in
      defer { state.readsVersions = false }
      return state.readsVersions
    }
    if isNews { logger.info("reading without version ids: s3:GetObjectVersion is not allowed") }
  }

  var readsAccess: Bool { state.withLockedValue { $0.readsAccess } }

  func stopReadingAccess() { state.withLockedValue { $0.readsAccess = false } }

  /// - Throws: `.notPossible` where the path has no key.
  func key(of path: RelativePath) throws -> String {
    switch keys.key(of: path) {
    case .success(let key): return key
    case .failure(let problem):
      throw RemoteFailure(.notPossible, "“\(ReadableName.of(path.string))” \(problem.explanation)")
    }
  }
}

extension RemoteTree: RemoteTreePort {}
