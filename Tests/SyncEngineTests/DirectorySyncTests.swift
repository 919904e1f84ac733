import SyncModel
import Testing

@testable import SyncEngine

@Suite struct DirectorySyncTests {
  /// The first sync of a disk lasts until the test lets it go; a closed folder cannot be opened.
  private actor Disk {
    private(set) var groups: [Set<RelativePath>] = []
    private var held: CheckedContinuation<Void, Never>?
    private var arrival: CheckedContinuation<Void, Never>?

    func sync(_ directories: Set<RelativePath>) async throws {
      groups.append(directories)
      if groups.count == 1 {
        arrival?.resume()
        arrival = nil
        await withCheckedContinuation { held = $0 }
      }
      if directories.contains("closed/") { throw LocalFailure(.permission, "“closed/” may not be opened") }
    }

    func firstArrives() async {
      if groups.isEmpty { await withCheckedContinuation { arrival = $0 } }
    }

    func letGo() {
      held?.resume()
      held = nil
    }
  }

  /// One folder that could not be opened failed all others of its group, or hid that they were not synced.
  @Test func aClosedFolderFailsForItselfOnly() async throws {
    let disk = Disk()
    let directorySync = DirectorySync { try await disk.sync($0) }
    async let first: Void = directorySync.sync("first/")
    await disk.firstArrives()
    async let open: Void = directorySync.sync("open/")
    async let other: Void = directorySync.sync("other/")
    async let closed: Void = directorySync.sync("closed/")
    while await directorySync.waiting < 3 { await Task.yield() }
    await disk.letGo()
    try await first
    try await open
    try await other
    do {
      try await closed
      Issue.record("a folder that may not be opened was synced")
    } catch let failure as LocalFailure {
      #expect(failure.code == .permission)
    }
    let groups = await disk.groups
    #expect(groups.prefix(2) == [["first/"], ["open/", "other/", "closed/"]])
    #expect(groups.contains(["open/"]))
    #expect(groups.contains(["other/"]))
  }
}
