import AWSKit
import BaseStore
import LocalTree
import SyncEngine

extension MartletError {
  /// What a lower layer reports, under the heading that a user acts by.
  init(_ error: any Error) {
    switch error {
    case let known as MartletError: self = known
    case let failure as BaseStoreError: self.init(.state, failure.message, cause: failure)
    case let failure as RemoteFailure: self.init(.remote, failure.message, cause: failure)
    case let failure as S3Error: self.init(.remote, "\(failure)", cause: failure)
    case let failure as CredentialError: self.init(.remote, "\(failure)", cause: failure)
    case let failure as RootError:
      self.init(failure.code == .inUse ? .alreadyRunning : .root, failure.message, cause: failure)
    case let failure as LocalFailure: self.init(.root, failure.message, cause: failure)
    case let failure as EngineFailure:
      let code: Code =
        switch failure.code {
        case .firstSyncUndecided: .undecided
        case .rootLost: .root
        case .remote: .remote
        case .ended: .notRunning
        case .notSynced: .notSynced
        case .notSent: .notSent
        }
      self.init(code, failure.message, cause: failure)
    case is CancellationError: self.init(.remote, "stopped before everything was sent: the time to stop was over")
    default: self.init(.state, "\(error)", cause: error)
    }
  }
}
