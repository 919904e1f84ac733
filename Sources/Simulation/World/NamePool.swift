import SyncModel

/// Few names, so that users meet at the same paths.
struct NamePool {
  /// Nobody touches it: an emptied side would rightly halt deletions (I8).
  static let anchors = [RelativePath(unchecked: "anchor"), RelativePath(unchecked: "anchor2")]

  private static let directories = ["", "", "d/", "e/", "d/f/"]
  private static let names = ["a", "b", "c.txt", "d.x", "é", "z"]

  /// A leaf's name now and then equals a directory's.
  let hasClashes: Bool
  /// Where only one node writes, its folder.
  var home = RelativePath.root

  /// Nobody else changes what lies there.
  func isOwn(_ path: RelativePath) -> Bool {
    (home.isRoot || path.isBelow(home)) && !Self.anchors.contains(path) && !path.name.hasPrefix(Self.leadingOut)
  }

  private static let leadingOut = ".out-"

  /// For a link that leads out of the root, which nobody else touches: it is left alone on both sides.
  func outside(_ owner: String) -> RelativePath { RelativePath(unchecked: Self.leadingOut + owner) }

  func path(_ generator: inout SeededGenerator) -> RelativePath {
    let directory = place(generator.pick(Self.directories))
    if hasClashes && generator.oneIn(12) { return directory.appending(generator.pick(["d", "e", "f"])) }
    return directory.appending(generator.pick(Self.names))
  }

  func directory(_ generator: inout SeededGenerator) -> RelativePath {
    place(generator.pick(["d/", "e/", "d/f/", "g/", "e/h/", hasClashes ? "a/" : "i/"]))
  }

  private func place(_ name: String) -> RelativePath {
    RelativePath(unchecked: home.asDirectoryPrefix + name)
  }
}
