import AWSKit
import NIOConcurrencyHelpers

/// The limits of a syncer: from its configuration at first, then as they are changed, also when the root comes back
/// and everything is opened again.
final class RunBandwidth: Sendable {
  let limits = BandwidthLimits()
  private let hasBegun = NIOLockedValueBox(false)

  /// Only the first call has an effect.
  func begin(up: Configuration.Bandwidth, down: Configuration.Bandwidth) {
    let isFirst = hasBegun.withLockedValue { hasBegun in
      defer { hasBegun = true }
      return !hasBegun
    }
    if isFirst { change(up: up, down: down) }
  }

  /// - Parameters: nil: stays as it is.
  func change(up: Configuration.Bandwidth?, down: Configuration.Bandwidth?) {
    if let up { limits.up.bytesPerSecond = up.bytesPerSecond }
    if let down { limits.down.bytesPerSecond = down.bytesPerSecond }
  }
}
