import CStress
import Glibc
import Logging
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

/// As somebody who may not read everything, also when the tests run as root.
@Suite struct PermissionTests {
  let ground = Playground()

  private func strangersTree() async throws -> LocalTree {
    let pool = BlockingPool(threads: 1)
    try await pool.run { stress_open_as(65_534) }
    return try LocalTree(
      RootLayout(ground.path, remoteID: "test"), options: .init(node: "n1"), pool: pool,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  @Test func `A folder that cannot be read is an entry, and nothing below it is proven absent`() async throws {
    ground.makeFolder("closed")
    ground.write("closed/f", "x")
    ground.write("open", "x")
    chmod(ground.full("closed"), 0)
    let all = try await strangersTree().walkAll()
    #expect(all.entries.map(\.path.string) == ["closed/", "open"])
    #expect(all.unreadable == ["closed/".path])
    #expect(all.problems.map(\.name) == ["closed/"] && all.problems[0].reason.contains("permission"))
  }

  @Test func `A file that cannot be read is an entry whose upload fails with a reason`() async throws {
    ground.write("secret", "x", mode: 0)
    let tree = try await strangersTree()
    let all = try await tree.walkAll()
    #expect(all.entries.map(\.path.string) == ["secret"] && all.problems == [])
    do {
      _ = try await tree.read("secret".path, expecting: all.entries[0].stamp)
      Issue.record("read")
    } catch let failure as LocalFailure {
      #expect(failure.code == .permission && failure.message.contains("secret"))
    }
  }

  @Test func `A folder that cannot be written fails with a reason and leaves nothing behind`() async throws {
    ground.makeFolder("fixed")
    chmod(ground.full("fixed"), 0o555)
    let tree = try await strangersTree()
    do {
      _ = try await tree.install("x", at: "fixed/f", replacing: nil)
      Issue.record("installed")
    } catch let failure as LocalFailure {
      #expect(failure.code == .permission && failure.message.contains("fixed/f"))
    }
    #expect(ground.staged == [])
  }
}
