import FoundationEssentials

/// What a client wants of a running instance: one line of JSON on the control socket, such as
/// `{"arguments":{"up":"10MB/s"},"command":"limit","version":1}`.
///
/// The reply is the status (``StatusReport``) as it is after the command, or a ``ControlFailure``. A client that says
/// nothing gets the status, as the first clients did.
package struct ControlRequest: Codable, Hashable, Sendable {
  package enum Command: String, Codable, Sendable {
    case status
    /// With `up` and `down`, each as ``Configuration/Bandwidth/init(parsing:)`` takes it; what is not named stays.
    case limit
    /// The status with the nodes of the prefix.
    case nodes
    case pause, resume
    /// With `path`: replied to when it is in the bucket.
    case flush
    /// Replied to when a full pass is complete.
    case reconcile
  }

  /// Goes up when what is there changes its meaning; more commands leave it as it is.
  package static let currentVersion = 1

  package var version = Self.currentVersion
  package var command: Command
  package var arguments: [String: String] = [:]

  package init(_ command: Command, _ arguments: [String: String] = [:]) {
    self.command = command
    self.arguments = arguments
  }

  /// Throws `ControlFailure` for what this version does not understand.
  init(line: [UInt8]) throws(ControlFailure) {
    guard let request = try? JSONDecoder().decode(Self.self, from: Data(line)), request.version == Self.currentVersion
    else {
      throw ControlFailure(
        error: "the running martlet does not understand this: it is of another version; restart it with this one")
    }
    self = request
  }

  func line() -> [UInt8] {
    // Text alone: encoding cannot fail.
    let json = (try? JSONEncoder().encode(self)).map(Array.init) ?? []
    return json + Array("\n".utf8)
  }
}

/// Why a request had no effect.
struct ControlFailure: Error, Codable, Hashable, Sendable {
  var error: String

  func json() -> [UInt8] { (try? JSONEncoder().encode(self)).map(Array.init) ?? [] }
}
