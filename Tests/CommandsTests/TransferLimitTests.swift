import AWSKit
import SyncEngine
import Testing

@testable import Martlet

/// What the block `s3` of the profile means to the engine.
@Suite struct TransferLimitTests {
  private func limited(_ configure: (inout S3Section) -> Void) -> EngineOptions {
    var section = S3Section()
    configure(&section)
    var options = EngineOptions(nodeID: "n")
    section.limit(&options)
    return options
  }

  @Test(arguments: [1, 2, 3, 4, 5, 8, 10, 11, 12, 20, 23, 24, 36, 47, 64, 100, 101, 10_000])
  func noMoreRequestsThanAskedFor(_ requests: Int) {
    let usual = EngineOptions(nodeID: "n")
    let options = limited { $0.maximumRequests = requests }
    let large = options.largeConcurrency
    // A large transfer is one of the concurrent ones, and has more than one request under way.
    let most = large * options.partConcurrency + options.concurrency - large
    #expect(most == min(max(requests, 2), 100))
    #expect(options.concurrency >= large && large >= 1 && options.partConcurrency >= 1)
    #expect(large <= usual.largeConcurrency && options.partConcurrency <= usual.partConcurrency)
  }

  @Test(arguments: [(8 << 20, 8 << 20), (1, 1 << 20), (5_000_000, 5_000_000), (1 << 40, 64 << 20)] as [(Int64, Int64)])
  func fromTheThresholdOnThereAreParts(_ threshold: Int64, _ firstInParts: Int64) {
    #expect(limited { $0.multipartThreshold = threshold }.largeSize == firstInParts - 1)
  }

  @Test func whatIsNotGivenIsAsEver() {
    let usual = EngineOptions(nodeID: "n")
    let options = limited { $0.partSize = 1 }
    #expect(options.largeSize == usual.largeSize && options.concurrency == usual.concurrency)
  }

  @Test func whatHasNoEffectIsTold() {
    var section = S3Section()
    section.withoutEffect = ["max_queue_size"]
    #expect(section.notes == ["max_queue_size: has no effect (block s3 of the profile)"])
  }

  /// What is not done to the letter is said: nil where it is.
  @Test(
    arguments: [
      (1, "max_concurrent_requests: 2 requests are under way at once, not 1"), (2, nil), (100, nil),
      (101, "max_concurrent_requests: 100 requests are under way at once, not 101"),
    ] as [(Int, String?)]) func anotherNumberOfRequestsIsTold(_ requests: Int, _ note: String?)
  {
    var section = S3Section()
    section.maximumRequests = requests
    #expect(section.notes == (note.map { [$0] } ?? []))
  }

  @Test(
    arguments: [
      (64 << 20, 8 << 20, []), (65 << 20, 8 << 20, ["multipart_threshold: files above 64 MiB"]),
      (1 << 20, 5 << 20, []), ((1 << 20) - 1, 5 << 20, ["multipart_threshold: files below 1 MiB"]),
      (8 << 20, (5 << 20) - 1, ["multipart_chunksize: parts of uploads have 5 MiB at least"]),
      (8 << 20, 16 << 20, []),
      (8 << 20, 17 << 20, ["multipart_chunksize: downloads are read in ranges of 1 to 16 MiB"]),
      (8 << 20, 1 << 10, ["multipart_chunksize: parts of", "multipart_chunksize: downloads"]),
    ] as [(Int64, Int64, [String])])
  func otherSizesAreTold(_ threshold: Int64, _ part: Int64, _ expected: [String]) {
    var section = S3Section()
    section.multipartThreshold = threshold
    section.partSize = part
    let notes = section.notes
    #expect(notes.count == expected.count && zip(notes, expected).allSatisfy { $0.hasPrefix($1) }, "\(notes)")
  }
}
