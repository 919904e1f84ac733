import Testing

@testable import SyncModel

@Suite struct JournalOutboxTests {
  private let a = RelativePath(unchecked: "a")

  @Test func whatIsCommittedIsToldAndForgotten() {
    var outbox = JournalOutbox()
    let row = outbox.begin(a, .written)
    #expect(row == JournalOutbox.Row(path: a, place: .written, number: 1))
    #expect(!outbox.hasDue)
    #expect(outbox.end(a, .done) == [])
    #expect(outbox.take().places == [a: .written])
    #expect(!outbox.hasDue && outbox.count == 1)
    outbox.notSent()
    #expect(outbox.hasDue && outbox.take().places == [a: .written])
    #expect(outbox.sent() == [row])
    #expect(outbox.count == 0)
  }

  @Test func whatWasNotDoneIsNotTold() {
    var outbox = JournalOutbox()
    let row = outbox.begin(a, .removed)
    #expect(outbox.end(a, .notDone) == [row])
    #expect(!outbox.hasDue)
  }

  /// What changes while an entry is written is told by the next one, and stays stored until then.
  @Test func aSecondChangeIsToldAgain() {
    var outbox = JournalOutbox()
    _ = outbox.begin(a, .written)
    _ = outbox.end(a, .done)
    _ = outbox.take()
    #expect(outbox.begin(a, .removed) == nil)
    #expect(outbox.sent() == [])
    _ = outbox.end(a, .done)
    #expect(outbox.take().places == [a: .removed])
    #expect(outbox.sent().map(\.path) == [a])
  }

  /// A write without reply is told at once, and again when it is known that it landed; until then a restart tells it.
  @Test func anOpenQuestionStaysStored() {
    var outbox = JournalOutbox()
    let row = outbox.begin(a, .written)
    _ = outbox.end(a, .unknown)
    #expect(outbox.take().places == [a: .written])
    #expect(outbox.sent() == [])
    #expect(!outbox.hasDue)
    outbox.note(a)
    #expect(outbox.take().places == [a: .written])
    #expect(outbox.sent() == [row])
  }

  @Test func anEarlierRunsChangesAreTold() {
    var outbox = JournalOutbox(stored: [JournalOutbox.Row(path: a, place: .removed, number: 7)])
    #expect(outbox.hasDue && outbox.take().places == [a: .removed])
    #expect(outbox.begin(RelativePath(unchecked: "b"), .written)?.number == 8)
    #expect(outbox.sent().map(\.number) == [7])
  }

  @Test func whatWasOnlyNotedIsStoredWithItsNextCommit() {
    var outbox = JournalOutbox()
    outbox.note(a)
    #expect(outbox.begin(a, .written) == JournalOutbox.Row(path: a, place: .written, number: 1))
  }

  @Test func manyChangesBecomeOne() throws {
    var outbox = JournalOutbox(limit: 3)
    for name in ["b", "c", "d"] {
      _ = outbox.begin(RelativePath(unchecked: name), .written)
      _ = outbox.end(RelativePath(unchecked: name), .done)
    }
    #expect(outbox.collapsed() == nil)
    _ = outbox.begin(a, .written)
    let collapsed = outbox.collapsed()
    let (stored, dropped) = try #require(collapsed)
    #expect(stored.path.isRoot && stored.place == .folder)
    #expect(dropped.map(\.path.string).sorted() == ["b", "c", "d"])
    #expect(outbox.take() == .everything)
    #expect(outbox.sent() == [stored])
    // What was under way is told by itself.
    _ = outbox.end(a, .done)
    #expect(outbox.take().places == [a: .written])
  }
}
