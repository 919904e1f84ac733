import AWSKit
import Logging
import NIOConcurrencyHelpers
import Testing

@Suite struct CredentialCacheTests {
  /// Serves numbered credentials that live for an hour, and stops or fails when told.
  private final class Source: CredentialProvider {
    let name = "source"
    let clock: NIOLockedValueBox<Int64>
    let calls = NIOLockedValueBox(0)
    let fails = NIOLockedValueBox(false)
    let gate = NIOLockedValueBox(true)

    init(clock: NIOLockedValueBox<Int64>) { self.clock = clock }

    func lookUp() async throws -> CredentialLookup {
      let number = calls.withLockedValue { calls in
        calls += 1
        return calls
      }
      while !gate.withLockedValue({ $0 }) { await Task.yield() }
      if fails.withLockedValue({ $0 }) { throw CredentialError("down") }
      let credentials = AWSCredentials(
        accessKeyID: "k\(number)", secretAccessKey: "s",
        expiration: AWSTimestamp(seconds: clock.withLockedValue { $0 } + 3_600))
      return .found(credentials, source: name)
    }
  }

  private let clock = NIOLockedValueBox<Int64>(0)
  private let source: Source
  private let cache: CredentialCache

  init() {
    let clock = clock
    source = Source(clock: clock)
    cache = CredentialCache(
      provider: source, now: { AWSTimestamp(seconds: clock.withLockedValue { $0 }) },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func key(at minutes: Int64) async throws -> String {
    clock.withLockedValue { $0 = minutes * 60 }
    return try await cache.credentials().accessKeyID
  }

  @Test func keepsThemUntilTheirEndComesNear() async throws {
    #expect(try await key(at: 0) == "k1")
    #expect(try await key(at: 44) == "k1")
    #expect(source.calls.withLockedValue { $0 } == 1)
    // Less than 15 minutes left: refreshed in the background.
    #expect(try await key(at: 46) == "k1")
    while try await key(at: 46) == "k1" { await Task.yield() }
    #expect(try await key(at: 46) == "k2")
  }

  @Test func waitsWhenTheEndIsClose() async throws {
    _ = try await key(at: 0)
    #expect(try await key(at: 51) == "k2")
  }

  @Test func oneRefreshAtATime() async throws {
    source.gate.withLockedValue { $0 = false }
    let keys = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<50 { group.addTask { try await self.cache.credentials().accessKeyID } }
      while source.calls.withLockedValue({ $0 }) == 0 { await Task.yield() }
      source.gate.withLockedValue { $0 = true }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(keys == ["k1"])
    #expect(source.calls.withLockedValue { $0 } == 1)
  }

  @Test func oldOnesStayWhenARefreshFails() async throws {
    _ = try await key(at: 0)
    source.fails.withLockedValue { $0 = true }
    #expect(try await key(at: 55) == "k1")
    #expect(source.calls.withLockedValue { $0 } == 2)
    // Not at every request anew.
    #expect(try await key(at: 55) == "k1")
    #expect(source.calls.withLockedValue { $0 } == 2)
    #expect(try await key(at: 57) == "k1")
    #expect(source.calls.withLockedValue { $0 } == 3)
    await #expect(throws: CredentialError.self) { try await key(at: 60) }
    source.fails.withLockedValue { $0 = false }
    #expect(try await key(at: 60) == "k5")
  }

  @Test func rejectedOnesAreDropped() async throws {
    let first = try await cache.credentials()
    await cache.invalidate(first)
    let second = try await cache.credentials()
    #expect(second.accessKeyID == "k2")
    // A late rejection of the old ones does not touch the new.
    await cache.invalidate(first)
    #expect(try await cache.credentials() == second)
  }
}
