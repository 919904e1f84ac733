import AWSKit
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

@Suite struct ListingTests {
  private func page(_ names: [String], after start: String? = nil, prefix: String = "p/") -> RemotePage {
    let objects = names.map {
      S3ListPage.Object(
        key: prefix + $0, etag: "e", size: Int64($0.hasSuffix("full/") ? 1 : 0),
        lastModified: AWSTimestamp(seconds: 5, nanoseconds: 999_999_999))
    }
    return RemotePage(objects, keys: KeyMapping(prefix: prefix), after: start.map { prefix + $0 })
  }

  @Test func mapsKeys() {
    let page = page(["", ".martlet/journal/1", "a", "a/", "a/b\nc", "ü"])
    #expect(page.entries.map(\.path) == ["a", "a/", "a/b\nc", "ü"])
    #expect(page.problems.isEmpty)
    #expect(page.isOrdered)
    #expect(page.entries[0].stamp == RemoteStamp(etag: "e", size: 0, lastModified: Timestamp(seconds: 5)))
  }

  @Test func reportsKeysThatAreNoPaths() {
    let long = String(repeating: "x", count: 300)
    let page = page(["../../x", "./c", "/abs", "a//b\n", "full/", long, "ok"].sorted())
    #expect(page.entries.map(\.path) == ["ok"])
    #expect(page.problems.map(\.name) == ["../../x", "./c", "/abs", "a//b\\n", "full/", long])
    #expect(page.problems.allSatisfy { !$0.reason.isEmpty })
  }

  @Test(arguments: [["b", "a"], ["a", "a"], ["a.txt", "a-"], ["é", "z"]]) func noticesDisorder(_ names: [String]) {
    #expect(!page(names).isOrdered)
  }

  @Test func noticesAPageThatBeginsTooEarly() {
    #expect(!page(["b", "c"], after: "b").isOrdered)
    #expect(page(["b", "c"], after: "a/z").isOrdered)
  }

  @Test func reportsKeysOutsideOfThePrefix() {
    let object = S3ListPage.Object(key: "other/x", etag: "e", size: 1, lastModified: AWSTimestamp(seconds: 0))
    let page = RemotePage([object], keys: KeyMapping(prefix: "p/"), after: nil)
    #expect(page.entries.isEmpty)
    #expect(page.problems.map(\.name) == ["other/x"])
  }
}
