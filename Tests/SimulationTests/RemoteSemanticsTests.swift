import Simulation
import SyncEngine
import SyncModel
import Testing

/// What the engine relies on in every remote port.
@Suite struct RemoteSemanticsTests {
  private func expectFailure(
    _ code: RemoteFailure.Code, _ body: @Sendable () async throws -> Void,
    at location: SourceLocation = #_sourceLocation
  ) async {
    let failure = await #expect(throws: RemoteFailure.self, sourceLocation: location) { try await body() }
    #expect(failure?.code == code, sourceLocation: location)
  }

  @Test func writesAreConditional() throws {
    _ = try simulated { (executor) async throws in
      let remote = try Bench(executor).remote
      let first = try await remote.put(path("a"), small("one"), metadata: .file, replacing: nil)
      await expectFailure(.conditionFailed) {
        _ = try await remote.put(path("a"), small("two"), metadata: .file, replacing: nil)
      }
      let second = try await remote.put(path("a"), small("two"), metadata: .file, replacing: first)
      await expectFailure(.conditionFailed) {
        _ = try await remote.put(path("a"), small("three"), metadata: .file, replacing: first)
      }
      await expectFailure(.conditionFailed) { try await remote.delete(path("a"), expecting: first) }
      await expectFailure(.conditionFailed) {
        _ = try await remote.copy(path("a"), version: first, to: path("b"), replacing: nil)
      }
      try await remote.delete(path("a"), expecting: second)
      await expectFailure(.notFound) { try await remote.delete(path("a"), expecting: second) }
      #expect(try await remote.head(path("a")) == nil)
    }
  }

  @Test func listingsGoInByteOrderPageByPage() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor, pageSize: 2)
      for key in ["é", "a/", "a.b", "a/x", "b"] {
        try bench.server.put(key, [], metadata: .file, ifMatch: nil)
      }
      var found: [String] = []
      var continuation: String?
      repeat {
        let page = try await bench.remote.list(.root, after: nil, continuation: continuation, limit: nil)
        #expect(page.entries.count <= 2)
        found += page.entries.map(\.path.string)
        continuation = page.continuation
      } while continuation != nil
      #expect(found == ["a.b", "a/", "a/x", "b", "é"])
      let below = try await bench.remote.list(path("a/"), after: nil, continuation: nil, limit: nil)
      #expect(below.entries.map(\.path.string) == ["a/", "a/x"])
      #expect(try await !bench.remote.proveAbsent(path("a/")))
      #expect(try await bench.remote.proveAbsent(path("a")))
    }
  }

  @Test func anUploadInPartsCommitsWithItsCompletion() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      let content = small("0123456789abcdefghij")
      let upload = try await bench.remote.beginUpload(path("a"), metadata: .file, size: content.size)
      var parts: [PartReceipt] = []
      for part in 1...upload.partCount {
        parts.append(try await bench.remote.uploadPart(part, of: upload, from: content, known: nil))
      }
      #expect(try await bench.remote.head(path("a")) == nil)
      #expect(try await bench.remote.unfinishedUploads().map(\.upload.uploadID) == [upload.uploadID])
      let done = try await bench.remote.completeUpload(upload, parts: parts, replacing: nil)
      #expect(done.fingerprint == content.fingerprint)
      #expect(try await bench.remote.read(path("a"), version: done.stamp).bytes == content.bytes)
      let again = parts
      await expectFailure(.uploadGone) {
        _ = try await bench.remote.completeUpload(upload, parts: again, replacing: nil)
      }
      #expect(bench.server.openUploads.isEmpty)
    }
  }

  @Test func aLostReplyMayHaveHadItsEffect() throws {
    _ = try simulated { (executor) async throws in
      var faults = FaultPlan()
      faults.lostReply = 1
      let bench = try Bench(executor, faults: faults)
      await expectFailure(.outcomeUnknown) {
        _ = try await bench.remote.put(path("a"), small("one"), metadata: .file, replacing: nil)
      }
      #expect(bench.server.objects["a"]?.content == bytes("one"))
    }
  }

  @Test func aThrottledRequestHasNone() throws {
    _ = try simulated { (executor) async throws in
      var faults = FaultPlan()
      faults.throttled = 1
      let bench = try Bench(executor, faults: faults)
      await expectFailure(.throttled) {
        _ = try await bench.remote.put(path("a"), small("one"), metadata: .file, replacing: nil)
      }
      #expect(bench.server.objects.isEmpty)
    }
  }

  @Test func nothingArrivesWhileTheServerIsUnreachable() throws {
    _ = try simulated { (executor) async throws in
      var faults = FaultPlan()
      faults.unreachableUntil = 1_000_000_000
      let bench = try Bench(executor, faults: faults)
      await expectFailure(.unreachable) { _ = try await bench.remote.head(path("a")) }
      await executor.pause(1_000_000_000)
      #expect(try await bench.remote.head(path("a")) == nil)
    }
  }
}
