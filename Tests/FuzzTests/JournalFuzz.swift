import SyncModel
import Testing

@testable import RemoteTree

extension FuzzTests {
  /// What stands in the place of a journal's entry: whatever is read names places of the tree, in bounded memory, and
  /// is written and read again as the same.
  @Test func journalEntries() throws {
    var news = JournalNews()
    for (path, place) in [("a", .written), ("a/b.txt", .removed), ("a/c.txt", .written), ("dir/", .folder)]
      as [(String, JournalNews.Place)]
    {
      news.insert(RelativePath(unchecked: path), place)
    }
    let packed = JournalEntry(writer: "w", news: news).packed(limit: 1440)
    let fuzzer = Fuzzer(
      target: "journal", regressions: [],
      seeds: [
        String(decoding: packed, as: UTF8.self), JournalObjects.text(JournalEntry(writer: "w", news: news)),
        JournalObjects.text(JournalEntry(writer: "w", news: .everything)), "1 w AAAEYQ==",
      ],
      tokens: ["1 ", " ", "=", "\u{0}\u{0}\u{4}a", "\u{7F}", "/", "..", ".martlet/", "\u{0}", "\u{1}", "\u{2}"])
    try fuzzer.run { input in
      for entry in [
        JournalEntry(writer: "w", packed: input), JournalObjects.entry(String(decoding: input, as: UTF8.self)),
      ] {
        guard let entry else { continue }
        try require(!entry.news.isEmpty && entry.news.places.count <= input.count + 1, "places out of nothing")
        for (path, place) in entry.news.places where !path.isRoot {
          try require((try? RelativePath(validating: path.string)) == path, "no path")
          try require(ReservedNames.match(in: path) == nil, "a reserved name")
          try require(place != .folder || path.isDirectory, "a folder without a slash")
        }
        let again = JournalEntry(writer: entry.writer, packed: entry.packed(limit: .max))
        try require(again?.news.sorted.map(\.path) == entry.news.sorted.map(\.path), "another entry when read again")
      }
    }
  }
}
