import SyncModel
import Testing

@testable import BaseStore

@Suite struct OutboxTests {
  @Test func rowsOutliveTheRun() async throws {
    let folder = try ScratchFolder()
    let rows: [JournalOutbox.Row] = [
      .init(path: "caf\u{E9}", place: .written, number: 1), .init(path: "cafe\u{301}", place: .removed, number: 2),
      .init(path: .root, place: .folder, number: 3),
    ]
    do {
      let store = try folder.open()
      for row in rows { try await store.putInOutbox(row) }
      try store.close()
    }
    let store = try folder.open()
    #expect(try await store.outbox() == rows)
    // One that was written again meanwhile stays.
    let later = JournalOutbox.Row(path: "caf\u{E9}", place: .removed, number: 9)
    try await store.putInOutbox(later)
    try await store.takeFromOutbox(rows)
    #expect(try await store.outbox() == [later])
    try await store.takeFromOutbox([later])
    #expect(try await store.outbox() == [])
  }
}
