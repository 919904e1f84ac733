import Testing

@testable import SyncModel

@Suite struct ReservedNamesTests {
  @Test(arguments: [
    (".martlet", ".martlet"), (".martlet/", ".martlet"), ("a/.martlet/journal/1/", ".martlet"),
    (".martlet-tmp.x1", ".martlet-tmp.*"), ("a/b/.martlet-tmp./c", ".martlet-tmp.*"),
    (".s3-sync2.lock", ".s3-sync2.lock"), ("a/.s3-sync2.lock", ".s3-sync2.lock"),
    (".mobius3/x", ".mobius3"), (".__mobius3_flush__0f", ".__mobius3_flush__*"),
  ])
  func `own names are recognised at any depth`(_ path: String, _ name: String) {
    #expect(ReservedNames.match(in: RelativePath(unchecked: path)) == name)
  }

  @Test(arguments: [
    "", "a", "martlet", ".martletx", ".martlet-tmp", "a.martlet", ".s3-sync2.lock/", ".s3-sync2.lock/x", ".mobius3x",
    ".mobius", ".__mobius3", "é/.m", "x/.",
  ])
  func `other names are synced`(_ path: String) {
    #expect(ReservedNames.match(in: RelativePath(unchecked: path)) == nil)
  }
}
