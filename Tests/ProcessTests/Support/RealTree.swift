import Foundation

/// A tree of this machine's own files: its documentation and its Python library.
enum RealTree {
  struct TooSmall: Error, CustomStringConvertible {
    let description: String
  }

  /// What is deliberately not synced.
  static let reported = ["odd/unreadable", "odd/leads out"]

  /// Fills a folder with `count` files, and with what trees have besides: symbolic links, empty folders, hard links,
  /// odd names, a file that nobody may read, a link that leads out.
  static func build(in root: String, files count: Int, for server: TestServer.Kind) throws {
    var left = count
    for (index, source) in sources().enumerated() where left > 0 {
      try copy(source, to: "\(root)/source \(index)", depth: 0, &left)
    }
    guard left == 0 else { throw TooSmall(description: "this machine has only \(count - left) files to test with") }
    try addOddities("\(root)/odd", for: server)
  }

  private static func sources() -> [String] {
    let python = ["/usr/lib/python3", "/usr/local/lib"].flatMap { folder in
      [folder] + names(in: "/usr/lib").filter { $0.hasPrefix("python3.") }.map { "/usr/lib/\($0)" }
    }
    var seen: Set<String> = []
    return (["/usr/share/doc"] + python + [Programs.repository + "/.venv/lib"]).filter { seen.insert($0).inserted }
  }

  private static func copy(_ source: String, to target: String, depth: Int, _ left: inout Int) throws {
    try makeFolder(target)
    for name in names(in: source).sorted() where left > 0 {
      let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
      var status = stat()
      guard lstat(from, &status) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        try copy(from, to: to, depth: depth + 1, &left)
      case S_IFLNK:
        let destination = String(decoding: linkTarget(from), as: UTF8.self)
        if staysInside(destination, depth: depth) { try link(to, to: destination) }
      case S_IFREG where status.st_size < 4 << 20:
        guard let bytes = read(from) else { continue }
        try write(to, bytes)
        chmod(to, status.st_mode & 0o777)
        var times = [status.st_mtim, status.st_mtim]
        utimensat(AT_FDCWD, to, &times, 0)
        left -= 1
      default: continue
      }
    }
  }

  /// Whether a link at this depth below the copied folder points below that folder.
  private static func staysInside(_ destination: String, depth: Int) -> Bool {
    guard !destination.hasPrefix("/"), !destination.isEmpty else { return false }
    var level = depth
    for component in destination.split(separator: "/") {
      if component == ".." { level -= 1 } else if component != "." { level += 1 }
      if level < 0 { return false }
    }
    return true
  }

  private static func addOddities(_ folder: String, for server: TestServer.Kind) throws {
    try makeFolder("\(folder)/empty/nested empty")
    try write("\(folder)/two  blanks and trailing ", "blanks\n")
    try write("\(folder)/größe-漢字-🐦.txt", "not ASCII\n")
    // Composed and decomposed: two names that look alike.
    try write("\(folder)/caf\u{e9}", "composed\n")
    // What rclone cannot do: it takes the two for one.
    if server != .rclone { try write("\(folder)/cafe\u{301}", "decomposed\n") }
    try write("\(folder)/plus+percent%20&amp;=?#", "odd for URLs\n")
    // What moto cannot do: it answers 404 to keys with line breaks.
    if server != .moto { try write("\(folder)/line\nbreak", "odd for XML\n") }
    try write("\(folder)/no content", "")
    try write("\(folder)/run me", "#!/bin/sh\n")
    chmod("\(folder)/run me", 0o755)
    try write("\(folder)/read only", "r--\n")
    chmod("\(folder)/read only", 0o444)
    try write("\(folder)/hard link 1", "one inode, two names\n")
    guard link("\(folder)/hard link 1", "\(folder)/hard link 2") == 0 else { throw FileFailure("link", folder) }
    try link("\(folder)/link to a file", to: "run me")
    try link("\(folder)/link to a folder", to: "empty")
    try link("\(folder)/link to nothing", to: "nowhere/at all")
    try link("\(folder)/leads out", to: "/etc/hostname")
    try write("\(folder)/unreadable", "nobody reads this\n")
    chmod("\(folder)/unreadable", 0)
    try write("\(folder)/long ago", "1970\n")
    var times = [timespec(tv_sec: 1, tv_nsec: 123_456_789), timespec(tv_sec: 1, tv_nsec: 123_456_789)]
    utimensat(AT_FDCWD, "\(folder)/long ago", &times, 0)
  }
}
