import Martlet

/// The instances that sync a folder.
struct RunningInstances {
  let root: String
  /// As it was given to them.
  let stateDirectory: String?

  /// Throws `MartletError` where one refuses, or does not answer.
  func reports(after request: ControlRequest) throws -> [StatusReport] {
    try StateDirectory.all(root: root, stateDirectory: stateDirectory).compactMap {
      try ControlClient.report($0.controlSocket, request)
    }
  }

  /// What to say where there is none.
  var absence: String {
    "martlet: no martlet is running for \(root)"
      + (stateDirectory == nil ? "; was it started with --state-dir?" : "")
  }
}
