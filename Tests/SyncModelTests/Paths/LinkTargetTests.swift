import Testing

@testable import SyncModel

@Suite struct LinkTargetTests {
  @Test(arguments: [
    ("link", "file", false), ("link", "./file", false), ("link", "/etc/passwd", true), ("link", "..", true),
    ("a/link", "../file", false), ("a/link", "../../file", true), ("a/b/link", "../../file", false),
    ("a/link", "b/../../file", false), ("a/link", "../b/../../file", true), ("a/link", "..file", false),
    ("link", "a/../../link", true), ("a/link", "", false),
  ])
  func `a link leads out by its text alone`(_ link: String, _ target: String, _ leadsOut: Bool) {
    #expect(LinkTarget.leadsOut(Array(target.utf8), from: RelativePath(unchecked: link)) == leadsOut)
  }
}
