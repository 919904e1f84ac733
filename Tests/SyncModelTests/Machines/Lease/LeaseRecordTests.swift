import Testing

@testable import SyncModel

@Suite struct LeaseRecordTests {
  private static let record = LeaseRecord(node: "web-1", run: "3f2a", number: 17, timeout: 60_000_000_000)

  @Test func whatIsWrittenIsRead() {
    #expect(Self.record.body == "martlet web-1 3f2a 17 60000\n")
    #expect(LeaseRecord(body: Self.record.body) == Self.record)
    var released = Self.record
    released.isReleased = true
    #expect(released.body == "martlet web-1 3f2a 17 60000 released\n")
    #expect(LeaseRecord(body: released.body) == released)
  }

  /// s3-sync2 writes its uid and a newline.
  @Test(arguments: [
    "", "\n", "martlet", "0123456789abcdef0123456789abcdef\n", "web-1", "martlet web-1 3f2a 17", "martlet a b c 60000",
    "martlet a b 1 -5", "martlet a b 1 0", "martlet a b 1 5 gone", "martlet a b 1 5 released more", "other a b 1 5",
    "martlet a b 18446744073709551616 5",
  ]) func anythingElseIsOfSomebodyElse(_ body: String) {
    #expect(LeaseRecord(body: body) == nil)
  }

  @Test func nobodyIsBelievedWhoWantsToBeWaitedForForDays() {
    #expect(LeaseRecord(body: "martlet a b 1 9223372036854775807")?.timeout == 86_400_000_000_000)
  }

  @Test(arguments: [
    ("martlet web-1 3f2a 17 60000\n", "web-1"), ("0123abc\n", "0123abc"), ("  host.example \n", "host.example"),
    ("", "somebody"), ("a\u{1b}[31mb", "a?[31mb"), ("ü", "?"),
    (String(repeating: "x", count: 100), String(repeating: "x", count: 64)),
  ]) func theHolderHasANameThatCanBeShown(_ body: String, _ name: String) {
    let lock = ObservedLock(etag: "e", lastModified: Timestamp(seconds: 1), date: nil, body: body)
    #expect(lock.holder == name)
  }
}
