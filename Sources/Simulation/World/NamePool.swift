import SyncModel

/// Few names, so that users meet at the same paths.
struct NamePool {
  /// Nobody touches it: an emptied side would rightly halt deletions (I8).
  static let anchor = RelativePath(unchecked: "anchor")

  private static let directories = ["", "", "d/", "e/", "d/f/"]
  private static let names = ["a", "b", "c.txt", "d.x", "é", "z"]

  /// A leaf's name now and then equals a directory's.
  let hasClashes: Bool

  func path(_ generator: inout SeededGenerator) -> RelativePath {
    let directory = RelativePath(unchecked: generator.pick(Self.directories))
    if hasClashes && generator.oneIn(12) { return directory.appending(generator.pick(["d", "e", "f"])) }
    return directory.appending(generator.pick(Self.names))
  }

  func directory(_ generator: inout SeededGenerator) -> RelativePath {
    RelativePath(unchecked: generator.pick(["d/", "e/", "d/f/", "g/", "e/h/", hasClashes ? "a/" : "i/"]))
  }
}
