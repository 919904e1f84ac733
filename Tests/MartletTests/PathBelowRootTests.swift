import SyncModel
import Testing

@testable import Martlet

@Suite struct PathBelowRootTests {
  private let configuration = Configuration(root: "/srv/data", location: "s3://b")

  @Test(arguments: [
    ("", ""), (".", ""), ("./", ""), ("/srv/data", ""), ("/srv/data/", ""), ("/srv/data/.", ""), ("file", "file"),
    ("./d/file", "d/file"), ("d/", "d/"), ("/srv/data/d/file", "d/file"), ("/srv/data//d", "d"),
  ])
  func pathsAreFound(text: String, path: String) throws {
    #expect(try configuration.path(below: text).string == path)
  }

  @Test(arguments: ["/", "/srv", "/srv/database", "/srv/data/../x", "..", "a/../b", "a//b"])
  func othersAreRefused(text: String) {
    do {
      let path = try configuration.path(below: text)
      Issue.record("\(path)")
    } catch {
      #expect(error.code == .notSynced && error.message.contains(text))
    }
  }
}
