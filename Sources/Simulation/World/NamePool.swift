import SyncModel

/// Few names, so that users meet at the same paths.
struct NamePool {
  /// Nobody touches it: an emptied side would rightly halt deletions (I8).
  static let anchors = [RelativePath(unchecked: "anchor"), RelativePath(unchecked: "anchor2")]
  /// Keeps the folder at which a volume is mounted: nothing can take its place.
  static let anchorOfVolume = RelativePath(unchecked: SimVolume.name + "/anchor")

  private static let directories = ["", "", "d/", "e/", "d/f/"]
  private static let names = ["a", "b", "c.txt", "d.x", "é", "z"]

  /// A leaf's name now and then equals a directory's.
  let hasClashes: Bool
  /// Where only one node writes, its folder.
  var home = RelativePath.root
  /// On some node a volume is mounted inside the root.
  var hasVolume = false

  /// Nobody else changes what lies there.
  func isOwn(_ path: RelativePath) -> Bool {
    (home.isRoot || path.isBelow(home)) && !Self.anchors.contains(path) && !path.name.hasPrefix(Self.leadingOut)
      && path != Self.anchorOfVolume && path.asLeaf.string != SimVolume.name
  }

  private static let leadingOut = ".out-"

  /// For a link that leads out of the root, which nobody else touches: it is left alone on both sides.
  func outside(_ owner: String) -> RelativePath { RelativePath(unchecked: Self.leadingOut + owner) }

  func path(_ generator: inout SeededGenerator) -> RelativePath {
    var directory = place(generator.pick(Self.directories))
    if hasVolume && generator.oneIn(3) { directory = place(generator.pick(["m/", "m/", "m/d/"])) }
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
