import Martlet

/// The instances that sync a folder.
struct RunningInstances {
  let root: String
  /// As it was given to them.
  let stateDirectory: String?

  /// What they say to a request; without any the console is told why.
  ///
  /// - Parameter timeout: seconds; 0: none.
  func answers(to request: ControlRequest, _ console: Console, timeout: Int = 10) throws -> [StatusReport] {
    let found: [StatusReport]
    do {
      found = try reports(after: request, timeout)
    } catch {
      console.write("martlet: \(error)")
      throw ExitStatus.notInSync
    }
    guard !found.isEmpty else {
      console.write(absence)
      throw ExitStatus.notInSync
    }
    return found
  }

  /// Throws `MartletError` where one refuses, or does not answer.
  private func reports(after request: ControlRequest, _ timeout: Int) throws -> [StatusReport] {
    try StateDirectory.all(root: root, stateDirectory: stateDirectory).compactMap {
      try ControlClient.report($0.controlSocket, request, timeout: timeout)
    }
  }

  /// What to say where there is none.
  private var absence: String {
    "martlet: no martlet is running for \(root)"
      + (stateDirectory == nil ? "; was it started with --state-dir?" : "")
  }
}
