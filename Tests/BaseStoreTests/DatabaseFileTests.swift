import GRDB
import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import BaseStore

@Suite struct DatabaseFileTests {
  /// What a killed process leaves: the files as they are, nothing closed.
  @Test func opensWhatAKilledProcessLeft() async throws {
    let folder = try ScratchFolder()
    let store = try folder.open()
    try await store.apply((0..<1000).map { .record(bareEntry(RelativePath(unchecked: "f\($0)"))) })
    try await store.setValue("n", for: "node")
    let left = try ScratchFolder()
    try copyFile(folder.database, left.database)
    try copyFile(folder.database + "-wal", left.database + "-wal")
    let reopened = try left.open()
    #expect(try await reopened.rows(after: nil, limit: 2000).count == 1000)
    #expect(try await reopened.leafCount() == 1000)
    #expect(try await reopened.value("node") == "n")
    #expect(reopened.revision == store.revision)
  }

  @Test func concurrentCallersShareTransactions() async throws {
    let folder = try ScratchFolder()
    let store = try folder.open()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<2000 {
        let path = RelativePath(unchecked: "f\(index)")
        group.addTask {
          let revision = try await store.apply([.record(bareEntry(path))])
          #expect(store.revision >= revision)
          #expect(try await store.row(path)?.revision == revision)
        }
      }
      try await group.waitForAll()
    }
    #expect(store.revision == 2000)
    #expect(try await store.leafCount() == 2000)
  }

  @Test func usesTheWriteAheadLogOnlyOnLocalFileSystems() throws {
    for (isNetwork, mode) in [(false, "wal"), (true, "truncate")] {
      let folder = try ScratchFolder()
      let queue = try DatabaseQueue(
        path: folder.database, configuration: DatabaseFile.configuration(isNetworkFileSystem: isNetwork))
      #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == mode)
      let locking = try queue.read { try String.fetchOne($0, sql: "PRAGMA locking_mode") }
      #expect(locking == (isNetwork ? "exclusive" : "normal"))
      let synchronous = try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
      #expect(synchronous == (isNetwork ? 2 : 1))
    }
  }

  @Test func recognisesNetworkFileSystemsByTheirMount() {
    let table = """
      22 1 254:0 / / rw,relatime - ext4 /dev/root rw
      30 22 0:26 / /tmp rw shared:3 master:1 - tmpfs tmpfs rw
      41 22 0:50 / /mnt/with\\040blank rw,relatime shared:9 - nfs4 server:/share rw,vers=4.2
      """
    #expect(NetworkFileSystem.type(ofDevice: "254:0", inMountTable: table) == "ext4")
    #expect(NetworkFileSystem.type(ofDevice: "0:26", inMountTable: table) == "tmpfs")
    #expect(NetworkFileSystem.type(ofDevice: "0:50", inMountTable: table) == "nfs4")
    #expect(NetworkFileSystem.type(ofDevice: "0:5", inMountTable: table) == nil)
    #expect(NetworkFileSystem.name(ofDevice: 0xFE00) == "254:0")
    #expect(NetworkFileSystem.name(ofDevice: 0x0000_1230_0045_6789) == "5479:587203721")
    #expect(!NetworkFileSystem.holds("/tmp/base.sqlite"))
  }

  @Test func saysWhatToDoWithAFileThatIsNoDatabase() throws {
    let folder = try ScratchFolder()
    let file = try #require(fopen(folder.database, "w"))
    fputs(String(repeating: "this is not a database ", count: 400), file)
    fclose(file)
    let error = try #require(throws: BaseStoreError.self) { try folder.open() }
    #expect(error.code == .damaged)
    #expect(error.message.contains(folder.database))
    #expect(error.message.contains("move the file away"))
  }

  @Test func saysWhatToDoWhenPagesAreOverwritten() async throws {
    let folder = try ScratchFolder()
    let store = try folder.open()
    try await store.apply((0..<20_000).map { .record(bareEntry(RelativePath(unchecked: "file number \($0)"))) })
    try store.close()
    let file = try #require(fopen(folder.database, "r+"))
    fseek(file, 40 * 4096, SEEK_SET)
    let garbage = [UInt8](repeating: 0xAA, count: 100 * 4096)
    fwrite(garbage, 1, garbage.count, file)
    fclose(file)
    let damaged = try folder.open()
    let error = try await #require(throws: BaseStoreError.self) { try await damaged.rows(after: nil, limit: .max) }
    #expect(error.code == .damaged)
    #expect(error.message.contains(folder.database))
  }

  @Test func aValueOfAnotherTypeIsDamageAndNoCrash() async throws {
    let folder = try ScratchFolder()
    let store = try folder.open()
    try await store.apply([.record(fullEntry("a")), .record(fullEntry("b"))])
    let queue = try DatabaseQueue(path: folder.database)
    try await queue.write { try $0.execute(sql: "UPDATE entry SET inode = 'x' WHERE path = 'a'") }
    let error = try await #require(throws: BaseStoreError.self) { try await store.row("a") }
    #expect(error.code == .damaged)
    #expect(try await store.row("b")?.entry != nil)
  }

  @Test func refusesTheFileOfANewerVersion() throws {
    let folder = try ScratchFolder()
    try folder.open().close()
    let queue = try DatabaseQueue(path: folder.database)
    try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('from the future')") }
    try queue.close()
    let error = try #require(throws: BaseStoreError.self) { try folder.open() }
    #expect(error.code == .newer)
    #expect(error.message.contains(folder.database))
  }

  @Test func namesAFolderThatIsNotThere() throws {
    let error = try #require(throws: BaseStoreError.self) { try BaseStore(path: "/tmp/martlet-none/base.sqlite") }
    #expect(error.code == .inputOutput)
    #expect(error.message.contains("/tmp/martlet-none/base.sqlite"))
  }

  @Test func failsAfterClosing() async throws {
    let folder = try ScratchFolder()
    let store = try folder.open()
    try store.close()
    await #expect(throws: BaseStoreError.self) { try await store.apply([.record(bareEntry("a"))]) }
    await #expect(throws: BaseStoreError.self) { try await store.row("a") }
  }

  @Test func aFailedTransactionChangesNothing() async throws {
    let folder = try ScratchFolder()
    let store = try folder.open()
    try await store.apply([.record(bareEntry("a"))])
    let queue = try DatabaseQueue(path: folder.database)
    try await queue.write {
      try $0.execute(
        sql: """
          CREATE TRIGGER refuse BEFORE INSERT ON entry WHEN NEW.path = 'bad'
          BEGIN SELECT RAISE(ABORT, 'refused'); END
          """)
    }
    await #expect(throws: BaseStoreError.self) {
      try await store.apply([.record(bareEntry("good")), .record(bareEntry("bad"))])
    }
    #expect(try await store.row("good") == nil)
    #expect(store.revision == 1)
    #expect(try await store.leafCount() == 1)
    #expect(try await store.apply([.record(bareEntry("good"))]) == 2)
  }

  /// Transactions with and without the intent of an upload in parts, one after the other and together.
  @Test func keepsIntentsOfUploadsAmongOtherChanges() async throws {
    let folder = try ScratchFolder()
    let store = try folder.open()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask {
          let path = RelativePath(unchecked: "f\(number)")
          let kind: Intent.Kind = number % 2 == 0 ? .multipart : .put
          let intent = Intent(
            id: Intent.ID("\(number)"), kind: kind, path: path, expected: nil, openedAt: Timestamp(seconds: 1))
          try await store.apply([.openIntent(intent), .record(bareEntry(path))])
        }
      }
      try await group.waitForAll()
    }
    #expect(try await store.intents().count == 40)
    #expect(try await store.leafCount() == 40)
  }

  @Test func readsManyRowsInPagesAndTogether() async throws {
    let folder = try ScratchFolder()
    let store = try folder.open()
    let count = 5_000
    for start in stride(from: 0, to: count, by: 1000) {
      try await store.apply(
        (start..<start + 1000).map {
          .record(fullEntry(RelativePath(unchecked: "d\($0 / 1000)/f\($0)"), inode: UInt64($0)))
        })
    }
    var seen = 0
    var last: RelativePath?
    while let page = try await Optional(store.rows(after: last, limit: 1000)), let path = page.last?.path {
      seen += page.count
      last = path
    }
    #expect(seen == count)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in stride(from: 0, to: count, by: 10) {
        group.addTask { try await store.row(RelativePath(unchecked: "d\(index / 1000)/f\(index)")) != nil }
      }
      for try await found in group { #expect(found) }
    }
  }
}
