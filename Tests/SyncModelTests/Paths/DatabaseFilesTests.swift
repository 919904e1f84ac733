import SyncModel
import Testing

@Suite struct DatabaseFilesTests {
  private func companions(_ path: String, _ beginning: [UInt8] = DatabaseFiles.header) -> [String] {
    DatabaseFiles.companions(of: RelativePath(unchecked: path), beginning: beginning).map(\.string)
  }

  @Test func theFilesOfADatabaseKnowEachOther() {
    #expect(companions("d/x.db") == ["d/x.db-wal", "d/x.db-journal"])
    #expect(companions("d/x.db-wal", []) == ["d/x.db", "d/x.db-journal"])
    #expect(companions("x-journal", [1, 2]) == ["x", "x-wal"])
    #expect(companions("é-wal") == ["é", "é-journal"])
  }

  @Test(arguments: ["text", "-wal", "-journal", "d/", "x.wal"]) func otherFilesStandAlone(_ path: String) {
    #expect(companions(path, Array("some text that is long enough".utf8)) == [])
    #expect(companions(path, []) == [])
  }

  @Test func aHeaderThatIsCutOffIsNone() {
    #expect(companions("x", Array(DatabaseFiles.header.dropLast())) == [])
    #expect(companions("x", DatabaseFiles.header + [0, 1]).count == 2)
  }

  @Test(arguments: [
    ("x.db-shm", true), ("d/e/x.sqlite-shm", true), ("x.sqlite3-shm", true), ("x.db3-shm", true), ("x-shm", false),
    ("-shm", false), ("x.db-shm/", false), ("x.db", false), ("x.db-shmx", false), ("x.db-SHM", false),
  ]) func sharedMemoryIsNeverSynced(_ path: String, _ expected: Bool) {
    let path = RelativePath(unchecked: path)
    #expect(DatabaseFiles.isSharedMemory(path) == expected)
    #expect(Filters(rules: []).includes(path) == !expected)
    #expect(Filters(rules: [.exclude("*"), .include("*")]).includes(path) == !expected)
  }
}
