import AWSKit

extension Configuration {
  /// What may be moved in one direction.
  public enum Bandwidth: Hashable, Sendable {
    case unlimited
    /// At least 1024.
    case bytesPerSecond(Int64)

    /// Takes `800KB/s`, `10MB/s`, `80Mb/s` (bits), plain bytes per second, `none` or `0`.
    public init?(parsing text: String) {
      if text == "none" || text == "0" {
        self = .unlimited
      } else if let rate = TransferRate(parsing: text) {
        self = .bytesPerSecond(rate.bytesPerSecond)
      } else {
        return nil
      }
    }

    /// What may be given; for messages.
    package static let hint = TransferRate.hint + ", or none"

    /// Nil: no limit.
    var bytesPerSecond: Int64? {
      if case .bytesPerSecond(let rate) = self { rate } else { nil }
    }
  }

  var bandwidthProblems: [String] {
    [("--max-bandwidth-up", maxBandwidthUp), ("--max-bandwidth-down", maxBandwidthDown)].compactMap { option, limit in
      guard let rate = limit?.bytesPerSecond, rate < TransferRate.least else { return nil }
      return "\(option) \(rate): \(Bandwidth.hint)"
    }
  }
}
