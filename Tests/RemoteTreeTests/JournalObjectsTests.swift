import AWSKit
import EmbeddedS3
import NIOCore
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// Entries of the journal as objects of a server.
@Suite struct JournalObjectsTests {
  private static func journal(_ fixture: Fixture, folder: String? = nil) -> JournalObjects {
    JournalObjects(
      client: fixture.client, location: fixture.tree.location, folder: folder, capabilities: .full,
      settings: ObjectSettings(), patience: .seconds(10))
  }

  private static func entry(_ names: String..., writer: String = "w") -> JournalEntry {
    var news = JournalNews()
    for name in names { news.insert(RelativePath(unchecked: name), .written) }
    return JournalEntry(writer: writer, news: news)
  }

  private static func plant(
    _ key: String, _ text: String = "", _ metadata: [String: String] = [:], in fixture: Fixture
  ) async throws {
    _ = try await fixture.client.putObject(
      bucket: fixture.bucket, key: key, body: .bytes(ByteBuffer(string: text)),
      headers: S3ObjectHeaders(metadata: metadata))
  }

  @Test func eachNumberIsWrittenOnce() async throws {
    try await withServer { fixture, _ in
      let journal = Self.journal(fixture)
      #expect(journal.key(42) == "p/.martlet/journal/0000000000000042/")
      #expect(try await journal.read(1) == nil)
      #expect(try await journal.list(from: 0) == JournalListing())
      let first = Self.entry("a", "日本/語", "caf\u{E9}", "cafe\u{301}", "new\nline")
      #expect(try await journal.append(1, first) == .done)
      #expect(try await journal.append(1, Self.entry("b", writer: "other")) == .refused)
      #expect(try await journal.read(1) == first)
      // As large as they get.
      let names = (0..<40).map { "\($0 * 7919) " + String(repeating: "n", count: $0) }
      var long = Self.entry()
      for name in names { long.news.insert(RelativePath(unchecked: "folder/" + name), .removed) }
      #expect(try await journal.append(2, long) == .done)
      let metadata = try await fixture.client.headObject(bucket: fixture.bucket, key: journal.key(2)).metadata
      #expect(metadata.map { $0.key.utf8.count + $0.value.utf8.count }.reduce(0, +) <= 2048)
      let read = try #require(try await journal.read(2))
      for path in long.news.places.keys { #expect(read.news.covers(path)) }

      #expect(try await journal.list(from: 0).highest?.number == 2)
      #expect(try await journal.list(from: 2).lowest?.number == 2)
      #expect(try await journal.list(from: 3) == JournalListing())
      // Nobody takes them for files.
      #expect(try await fixture.tree.list(.root, after: nil, continuation: nil, limit: nil).entries.isEmpty)
    }
  }

  /// The longest name that there can be, and the most that metadata may hold.
  @Test func whatIsWrittenFits() {
    var news = JournalNews()
    for number in 0..<5000 {
      news.insert(
        RelativePath(unchecked: "\(number % 50)/" + String(repeating: "ü", count: 120) + "\(number)"), .written)
    }
    news.insert(RelativePath(unchecked: String(repeating: "a/", count: 511) + "b"), .written)
    let writer = String(UInt64.max, radix: 36)
    let text = JournalObjects.text(JournalEntry(writer: writer, news: news))
    #expect(text.utf8.count + JournalObjects.field.utf8.count + "x-amz-meta-".utf8.count < 2048)
    #expect(text.utf8.allSatisfy { $0 < 128 })
    let read = JournalObjects.entry(text)
    #expect(read.writer == writer)
    for path in news.places.keys { #expect(read.news.covers(path)) }
  }

  @Test func whatOthersPutThereIsLeftAlone() async throws {
    try await withServer { fixture, _ in
      let journal = Self.journal(fixture, folder: "fleet/journal")
      let foreign = [
        "fleet/journal/", "fleet/journal/000000000000001/", "fleet/journal/0000000000000003", "fleet/journal/note",
        "fleet/journal/-000000000000003/", "fleet/journal/0000000000000000/", "fleet/journal/0000000000000002/x",
        "fleet/journal/９９９９/", "fleet/journal2/0000000000000009/",
      ]
      for key in foreign { try await Self.plant(key, in: fixture) }
      try await Self.plant("fleet/journal/0000000000000007/", "content", in: fixture)
      #expect(try await journal.list(from: 0) == JournalListing())
      for number in [1, 2, 3, 4] as [Int64] { #expect(try await journal.append(number, Self.entry("a")) == .done) }
      let listing = try await journal.list(from: 0)
      #expect(listing.lowest?.number == 1 && listing.highest?.number == 4 && listing.isUnbroken)
      #expect(try await journal.collect(below: 4, age: -60_000_000_000) == 3)
      #expect(try await journal.list(from: 0).lowest?.number == 4)
      let page = try await fixture.client.listObjectsV2(bucket: fixture.bucket, prefix: "fleet/")
      #expect(page.objects.count == foreign.count + 2)
      // Its number is taken; what it says is not for us.
      #expect(try await journal.append(7, Self.entry("a")) == .refused)
      #expect(try await journal.read(7) == .unreadable)
    }
  }

  @Test(arguments: ["", "1", "1 w", "2 w AAEE", "1 w ????", "1  AAAE", "1 w AAAA x", "1 w AAAA", "nonsense"])
  func whatCannotBeReadMeansEverything(text: String) {
    #expect(JournalObjects.entry(text) == .unreadable)
    #expect(JournalObjects.entry(nil) == .unreadable)
  }

  /// By the server's clock, and not before the entry that follows is old.
  @Test func oldEntriesAreRemoved() async throws {
    try await withServer { fixture, server in
      let journal = Self.journal(fixture)
      let hour: Int64 = 3600 * 1_000_000_000
      server.faults.clockOffset = -7200
      for number in 1...4 as ClosedRange<Int64> { _ = try await journal.append(number, Self.entry("a")) }
      #expect(try await journal.collect(below: 4, age: hour) == 0)
      server.faults.clockOffset = 0
      #expect(try await journal.append(5, Self.entry("a")) == .done)
      #expect(try await journal.collect(below: 5, age: hour) == 3)
      let left = try await journal.list(from: 0)
      #expect(left.lowest?.number == 4 && left.highest?.number == 5)
      // The last one stays, however old it is.
      server.faults.clockOffset = 86_400
      #expect(try await journal.collect(below: 5, age: hour) == 1)
      #expect(try await journal.list(from: 0).highest?.number == 5)
    }
  }

  @Test func manyPagesAreRead() async throws {
    try await withServer { fixture, _ in
      let journal = Self.journal(fixture)
      for number in 1...1005 as ClosedRange<Int64> where number != 7 {
        try await Self.plant(journal.key(number), "", [JournalObjects.field: "x"], in: fixture)
      }
      let listing = try await journal.list(from: 1)
      #expect(listing.lowest?.number == 1 && listing.highest?.number == 1005 && !listing.isUnbroken)
      #expect(try await journal.list(from: 8).isUnbroken)
      #expect(try await journal.collect(below: 1005, age: -60_000_000_000) >= 1000)
    }
  }

  @Test func failuresAreTold() async throws {
    try await withServer { fixture, server in
      let journal = Self.journal(fixture)
      server.faults.add(Fault(.dropAfter, on: [.putObject], count: 1))
      guard case .failed = try await journal.append(1, Self.entry("a")) else {
        Issue.record("a lost reply")
        return
      }
      // It stands there all the same.
      #expect(try await journal.append(1, Self.entry("a")) == .refused)
      for (status, code) in [(503, "SlowDown"), (403, "AccessDenied")] {
        server.faults.faults = [Fault(.status(status, code: code))]
        guard case .failed = try await journal.append(2, Self.entry("a")) else {
          Issue.record("\(code)")
          return
        }
        await #expect(throws: RemoteFailure.self) { try await journal.read(2) }
        await #expect(throws: RemoteFailure.self) { try await journal.list(from: 1) }
        await #expect(throws: RemoteFailure.self) { try await journal.collect(below: 2, age: 0) }
      }
    }
  }
}
