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
    section.multipartThreshold = 64 << 20
    #expect(section.notes.isEmpty)
    section.multipartThreshold = 65 << 20
    section.withoutEffect = ["max_queue_size"]
    #expect(section.notes.count == 2)
    #expect(section.notes[0].hasPrefix("max_queue_size: has no effect"))
    #expect(section.notes[1].hasPrefix("multipart_threshold: files above 64 MiB"))
  }
}
