import Testing

@testable import SyncModel

@Suite struct JournalEntryTests {
  private static func news(_ places: [(String, JournalNews.Place)]) -> JournalNews {
    var news = JournalNews()
    for (path, place) in places { news.insert(RelativePath(unchecked: path), place) }
    return news
  }

  private static func roundTrip(_ news: JournalNews, limit: Int = 1440) -> JournalNews? {
    let bytes = JournalEntry(writer: "w", news: news).packed(limit: limit)
    #expect(bytes.count <= limit)
    return JournalEntry(writer: "w", packed: bytes)?.news
  }

  @Test func whatFitsComesBackAsItWas() {
    // Canonically equivalent, yet two files.
    let news = Self.news([
      ("a", .written), ("a/b", .removed), ("a/bc/", .written), ("caf\u{E9}", .written), ("cafe\u{301}", .removed),
      ("日本/語", .written), ("\u{1}\u{7F} ", .written), ("x/", .folder), (String(repeating: "n", count: 255), .written),
    ])
    #expect(Self.roundTrip(news) == news)
    #expect(Self.roundTrip(.everything) == .everything)
  }

  @Test func namesInOneFolderTakeLittleMoreThanThemselves() {
    let news = Self.news((100..<300).map { ("some/folder/with/a/long/name/file-\($0).txt", .written) })
    #expect(Self.roundTrip(news) == news)
  }

  @Test func whatDoesNotFitBecomesItsFolder() {
    let many = (0..<500).map { ("build/objects/part \($0 * 7919).o", JournalNews.Place.written) }
    let read = Self.roundTrip(Self.news(many + [("docs/page.html", .written), ("old/gone", .removed)]))
    #expect(
      read == Self.news([("build/objects/", .folder), ("docs/page.html", .written), ("old/gone", .removed)]))
    // One in each folder: the deepest are lifted until they fit.
    let spread = Self.news((0..<500).map { ("t/\($0)/\($0 * 31)/x", .written) })
    #expect(Self.roundTrip(spread) == Self.news([("t/", .folder)]))
    #expect(Self.roundTrip(Self.news((0..<900).map { ("name \($0)", .written) })) == .everything)
  }

  /// Long names: nothing of them is cut, and everything that was told is covered.
  @Test(arguments: [40, 200, 1440]) func whatIsReadCoversWhatWasTold(limit: Int) throws {
    var random = SeededRandom(UInt64(limit))
    for _ in 0..<50 {
      var places: [(String, JournalNews.Place)] = []
      for _ in 0..<Int.random(in: 1...60, using: &random) {
        let depth = Int.random(in: 1...6, using: &random)
        let path = (0..<depth).map { _ in
          String(repeating: ["a", "ü", "日", "/x"].randomElement(using: &random)!, count: 1)
            + String(Int.random(in: 0..<5, using: &random))
            + String(repeating: "y", count: Int.random(in: 0...30, using: &random))
        }.joined(separator: "/").drop { $0 == "/" }
        guard (try? RelativePath(validating: String(path))) != nil else { continue }
        places.append((String(path), [.written, .removed].randomElement(using: &random)!))
      }
      guard !places.isEmpty else { continue }
      let news = Self.news(places)
      let read = try #require(Self.roundTrip(news, limit: limit))
      for path in news.places.keys { #expect(read.covers(path), "\(path) in \(read.sorted)") }
    }
  }

  @Test func aKeyIsSaidOnce() {
    var news = Self.news([("a", .written), ("a", .removed), ("f/", .folder), ("f/", .written), ("f/g", .written)])
    #expect(news.sorted.map(\.path.string) == ["a", "f/"])
    #expect(news.places[RelativePath(unchecked: "a")] == .removed)
    news.insert(.root, .folder)
    news.insert(RelativePath(unchecked: "later"), .written)
    #expect(news == .everything)
  }

  /// Whatever stands in an entry is read as places of the tree, or not at all.
  @Test(
    arguments: [
      [], [0], [0, 0], [0, 0, 20, 97], [1, 0, 4, 97], [0, 1, 4, 97], [0, 0, 4, 255], [0, 0, 8, 46, 46], [0, 0, 4, 47],
      [0, 0, 6, 97], [0, 0, 7, 97], [0, 0, 0], [0, 0, 255, 255, 255, 1], [0, 0, 32] + Array(".martlet".utf8),
      [0, 0, 12] + Array("a//".utf8), [0, 0, 8, 97, 98, 1, 2, 4, 99],
    ] as [[UInt8]])
  func whatIsNoEntryIsNotRead(bytes: [UInt8]) {
    #expect(JournalEntry(writer: "w", packed: bytes) == nil)
  }
}
