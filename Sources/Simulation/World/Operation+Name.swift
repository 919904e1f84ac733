import SyncModel

extension Operation {
  /// The case alone. Reflection would tell it too, in a fifth of a simulation's time.
  var name: String {
    switch self {
    case .inspectLocal: "inspectLocal"
    case .inspectRemote: "inspectRemote"
    case .compare: "compare"
    case .adopt: "adopt"
    case .forget: "forget"
    case .leave: "leave"
    case .upload: "upload"
    case .uploadMetadata: "uploadMetadata"
    case .download: "download"
    case .applyMetadata: "applyMetadata"
    case .deleteLocal: "deleteLocal"
    case .deleteRemote: "deleteRemote"
    case .makeLocalDirectory: "makeLocalDirectory"
    case .removeLocalDirectory: "removeLocalDirectory"
    case .putMarker: "putMarker"
    case .deleteMarker: "deleteMarker"
    case .yieldToDirectory: "yieldToDirectory"
    case .blocked: "blocked"
    }
  }
}
