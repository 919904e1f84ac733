import SyncModel
import Testing

@testable import RemoteTree

extension FuzzTests {
  /// User metadata in all forms that others write: fields, one a line. Whatever is read can be given to a file, and is
  /// read again from what we would write.
  @Test func metadata() throws {
    let fuzzer = Fuzzer(
      target: "metadata", regressions: ["file-mtime:-9223372036854775807ns", "file-mtime:-9223372036854775808ns"],
      seeds: [
        "mtime:1795216892.123456789\nmode:33188", "mtime:-1.5\nmode:0100644", "mode:41471",
        "file-mtime:1795216892123456789ns\nfile-permissions:0100755", "file-mtime:1795216892123",
        "s3cmd-attrs:atime:1/ctime:1/gid:0/md5:x/mode:33188/mtime:1795216892/uid:0", "mode:16877\nmtime:0",
        "uid:0\ngid:33\nmode:33188", "file-owner:1\nfile-group:2",
      ],
      tokens: [
        "mtime:", "mode:", "uid:", "gid:", "file-owner:", "file-group:", "file-mtime:", "file-permissions:",
        "s3cmd-attrs:", "\n", "ns", "ms", ".", "-", "/", "-0.5",
        "9223372035.999999999", "-9223372035.999999999", "9223372036", "-9223372036854775807ns", "0177777", "65535",
        "4294967295",
        "\u{660}", "1_000",
      ])
    try fuzzer.run { input in
      var user: [String: String] = [:]
      for line in String(decoding: input, as: UTF8.self).split(separator: "\n") {
        let field = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        user[String(field[0])] = field.count > 1 ? String(field[1]) : ""
      }
      for isMarker in [false, true] {
        let metadata = EntryMetadata(user: user, isMarker: isMarker)
        try require((metadata.kind == .directory) == isMarker, "a kind that the key forbids: \(metadata.kind)")
        try require((metadata.mode ?? 0) <= 0o7777, "a mode of \(metadata.mode ?? 0)")
        let written = EntryMetadata(user: metadata.replacing(in: user), isMarker: isMarker)
        // A link's mode is always written; a time that its field cannot carry is not.
        let isLink = metadata.kind == .symlink
        try require(written.kind == metadata.kind, "written and read again it is a \(written.kind)")
        try require(written.mode == metadata.mode || isLink, "written and read again its mode is another")
        try require(written.owner == metadata.owner, "written and read again its owner is another")
        let fits = metadata.modified.map { abs($0.seconds) < 9_223_372_035 } ?? true
        try require(written.modified == metadata.modified || !fits, "written and read again its time is another")
      }
    }
  }
}
