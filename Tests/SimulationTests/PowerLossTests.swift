import SyncModel
import Testing

@testable import Simulation

/// What a power failure may take from the simulated disk, and what no journal loses.
@Suite struct PowerLossTests {
  enum Change: CaseIterable {
    case intoNewFolder, intoNewFolderSynced, outOfRemovedFolder, underAnotherLink, ontoEmptyFolder
  }

  /// A move was durable before the folder that it led into: the file was gone from both (seeds 203278, 305348).
  @Test(arguments: Change.allCases, 0..<64 as Range<UInt64>)
  func whatIsOnlyMovedKeepsAName(_ change: Change, seed: UInt64) throws {
    let executor = SimExecutor(seed: 1)
    let environment = SimEnvironment(executor: executor, skew: 0, generator: SeededGenerator(seed: 2))
    let disk = SimFileSystem(mount: MountID(1), environment: environment)
    for folder in ["d/", "e/", "e/f/"] { disk.create(path(folder), .directory) }
    disk.create(path("a"), .file, bytes("content"))
    disk.create(path("e/f/b"), .file, bytes("content"))
    for name in ["a", "e/f/b"] { disk.sync(try #require(disk.lookup(path(name)))) }
    executor.run(until: 10_000_000_000)

    switch change {
    case .intoNewFolder, .intoNewFolderSynced:
      disk.create(path("d/new/"), .directory)
      disk.create(path("d/new/er/"), .directory)
      #expect(disk.rename(path("a"), to: path("d/new/er/a")))
      if change == .intoNewFolderSynced { disk.sync(disk.root) }
    case .outOfRemovedFolder:
      #expect(disk.rename(path("e/f/b"), to: path("d/b")))
      #expect(disk.remove(path("e/f/")) && disk.remove(path("e/")))
    case .underAnotherLink:
      #expect(disk.link(path("a"), as: path("d/a")) && disk.remove(path("a")))
    case .ontoEmptyFolder:
      #expect(disk.rename(path("e/f/b"), to: path("d/b")) && disk.rename(path("d/"), to: path("e/f/")))
    }
    var generator = SeededGenerator(seed: seed)
    _ = disk.failPower(&generator)
    let left = disk.leaves()
    #expect(Set(left.map { ObjectIdentifier($0.inode) }).count == 2)
    #expect(left.allSatisfy { $0.inode.content == bytes("content") })
  }
}
