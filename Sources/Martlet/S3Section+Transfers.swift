import AWSKit
import RemoteTree
import SyncEngine

/// What the block `s3` of the profile means to the transfers.
extension S3Section {
  /// The engine goes on with two at least; the most are the connections of the transport, less some for listings.
  private static let requests = 2...100
  /// Bytes. What is sent in one request is held in memory, so that the most is little beside the memory for all.
  /// Symbolic links are never above the least.
  static let thresholds: ClosedRange<Int64> = 1 << 20...64 << 20

  func limit(_ options: inout EngineOptions) {
    if let multipartThreshold {
      options.largeSize = min(max(multipartThreshold, Self.thresholds.lowerBound), Self.thresholds.upperBound) - 1
    }
    guard let requests = maximumRequests.map({ min(max($0, Self.requests.lowerBound), Self.requests.upperBound) })
    else { return }
    // Half for the pieces of large files, of which no more run at once than usual: they take memory.
    options.partConcurrency = min(max(requests / 2, 1), options.partConcurrency)
    options.largeConcurrency = min(max(requests / (2 * options.partConcurrency), 1), options.largeConcurrency)
    options.concurrency = requests - options.largeConcurrency * (options.partConcurrency - 1)
  }

  func plan(_ options: EngineOptions) -> TransferPlan {
    var plan = TransferPlan()
    if let partSize { plan.cut(into: partSize) }
    plan.limit(to: options.partConcurrency)
    return plan
  }

  /// What is told at start.
  var notes: [String] {
    var notes = withoutEffect.map { "\($0): has no effect (block s3 of the profile)" }
    if let maximumRequests, !Self.requests.contains(maximumRequests) {
      let bound = maximumRequests < Self.requests.lowerBound ? Self.requests.lowerBound : Self.requests.upperBound
      notes.append("max_concurrent_requests: \(bound) requests are under way at once, not \(maximumRequests)")
    }
    if let multipartThreshold, multipartThreshold > Self.thresholds.upperBound {
      notes.append(
        "multipart_threshold: files above \(Self.thresholds.upperBound >> 20) MiB are sent in parts all the same")
    }
    if let multipartThreshold, multipartThreshold < Self.thresholds.lowerBound {
      notes.append(
        "multipart_threshold: files below \(Self.thresholds.lowerBound >> 20) MiB are sent in one request all the same")
    }
    if let partSize, partSize < TransferPlan.partSizes.lowerBound {
      notes.append("multipart_chunksize: parts of uploads have \(TransferPlan.partSizes.lowerBound >> 20) MiB at least")
    }
    if let partSize, !TransferPlan.rangeSizes.contains(partSize) {
      let (least, most) = (TransferPlan.rangeSizes.lowerBound >> 20, TransferPlan.rangeSizes.upperBound >> 20)
      notes.append("multipart_chunksize: downloads are read in ranges of \(least) to \(most) MiB")
    }
    return notes
  }
}
