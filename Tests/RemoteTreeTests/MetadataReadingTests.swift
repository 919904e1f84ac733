import SyncModel
import Testing

@testable import RemoteTree

@Suite struct MetadataReadingTests {
  struct Row: CustomStringConvertible, Sendable {
    var description: String
    var user: [String: String]
    var isMarker = false
    var expected: EntryMetadata
  }

  static let rows: [Row] = [
    Row(
      description: "mobius3", user: ["mtime": "1763680000.1234567", "mode": "33188"],
      expected: EntryMetadata(
        kind: .file, mode: 0o644, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 123_456_700))),
    Row(
      description: "mobius3 link", user: ["mtime": "1.0", "mode": "41471"],
      expected: EntryMetadata(kind: .symlink, mode: 0o777, modified: Timestamp(seconds: 1))),
    Row(
      description: "mobius3 directory", user: ["mtime": "1.0", "mode": "16877"], isMarker: true,
      expected: EntryMetadata(kind: .directory, mode: 0o755, modified: Timestamp(seconds: 1))),
    Row(
      description: "s3fs", user: ["mtime": "1763680000.000000007", "mode": "33261", "uid": "0", "gid": "0"],
      expected: EntryMetadata(
        kind: .file, mode: 0o755, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 7),
        owner: Owner(user: 0, group: 0))),
    Row(
      description: "s3fs link",
      user: [
        "atime": "1763680000.5", "ctime": "1763680000.500000000", "mtime": "1763680000.000000000", "mode": "41471",
        "uid": "33", "gid": "1000",
      ],
      expected: EntryMetadata(
        kind: .symlink, mode: 0o777, modified: Timestamp(seconds: 1_763_680_000), owner: Owner(user: 33, group: 1000))),
    Row(
      description: "s3fs folder", user: ["mtime": "1763680000", "mode": "16893", "uid": "1", "gid": "2"],
      isMarker: true,
      expected: EntryMetadata(
        kind: .directory, mode: 0o775, modified: Timestamp(seconds: 1_763_680_000), owner: Owner(user: 1, group: 2))),
    Row(
      description: "s3fs, whole seconds", user: ["mtime": "1763680000", "mode": "33152"],
      expected: EntryMetadata(kind: .file, mode: 0o600, modified: Timestamp(seconds: 1_763_680_000))),
    Row(
      description: "rclone", user: ["mtime": "1763680000.123456789"],
      expected: EntryMetadata(
        kind: .file, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 123_456_789))),
    Row(
      description: "rclone with metadata", user: ["mtime": "1763680000.5", "mode": "100640", "uid": "1", "gid": "1"],
      expected: EntryMetadata(
        kind: .file, mode: 0o640, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 500_000_000),
        owner: Owner(user: 1, group: 1))),
    Row(
      description: "rclone sticky directory", user: ["mode": "41777"], isMarker: true,
      expected: EntryMetadata(kind: .directory, mode: 0o1777)),
    Row(
      description: "rclone link", user: ["mode": "120777"], expected: EntryMetadata(kind: .symlink, mode: 0o777)),
    Row(
      description: "DataSync",
      user: [
        "file-permissions": "100755", "file-mtime": "1763680000123ms", "file-owner": "500", "file-group": "501",
        "file-atime": "1763680000123ms",
      ],
      expected: EntryMetadata(
        kind: .file, mode: 0o755, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 123_000_000),
        owner: Owner(user: 500, group: 501))),
    Row(
      description: "FSx", user: ["file-permissions": "0100644", "file-mtime": "1763680000123456789ns"],
      expected: EntryMetadata(
        kind: .file, mode: 0o644, modified: Timestamp(nanoseconds: 1_763_680_000_123_456_789))),
    Row(
      description: "FSx without unit", user: ["file-mtime": "1763680000123"],
      expected: EntryMetadata(
        kind: .file, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 123_000_000))),
    Row(
      description: "s3cmd",
      user: ["s3cmd-attrs": "atime:1416931205/gid:0/gname:root/mode:33188/mtime:1416931200/uid:0/uname:root"],
      expected: EntryMetadata(
        kind: .file, mode: 0o644, modified: Timestamp(seconds: 1_416_931_200), owner: Owner(user: 0, group: 0))),
    Row(
      description: "ours beats others", user: ["mtime": "5", "file-mtime": "7000", "s3cmd-attrs": "mtime:9"],
      expected: EntryMetadata(kind: .file, modified: Timestamp(seconds: 5))),
    Row(
      description: "before 1970", user: ["mtime": "-1.500000000"],
      expected: EntryMetadata(kind: .file, modified: Timestamp(nanoseconds: -1_500_000_000))),
    Row(
      description: "finer than a nanosecond", user: ["mtime": "1.0000000019"],
      expected: EntryMetadata(kind: .file, modified: Timestamp(seconds: 1, nanoseconds: 1))),
    Row(description: "nothing", user: [:], expected: EntryMetadata(kind: .file)),
    Row(description: "nothing of a marker", user: [:], isMarker: true, expected: EntryMetadata(kind: .directory)),
  ]

  @Test(arguments: rows) func reads(_ row: Row) {
    #expect(EntryMetadata(user: row.user, isMarker: row.isMarker) == row.expected)
  }

  /// A mode without a type, with a type that contradicts the key, or of something that is never synced.
  @Test(arguments: ["420", "644", "0644", "16877", "040755", "49645", "4294967296", "-33188", "+33188", "33188.0", ""])
  func refusesModes(_ mode: String) {
    #expect(EntryMetadata(user: ["mode": mode], isMarker: false) == EntryMetadata(kind: .file))
  }

  @Test(arguments: ["33188", "100644", "120777"]) func refusesLeafModesOfMarkers(_ mode: String) {
    #expect(EntryMetadata(user: ["mode": mode], isMarker: true) == EntryMetadata(kind: .directory))
  }

  @Test(arguments: [
    "", "-", ".", "1.", ".5", "1.5.5", "1e9", "nan", "1 ", "１", "+1", "9223372036", "99999999999999999999",
    "2026-11-21T00:00:00Z",
  ])
  func refusesTimes(_ time: String) {
    #expect(EntryMetadata(user: ["mtime": time], isMarker: false).modified == nil)
  }

  @Test(arguments: ["", "ns", "12s", "1.5ns", "--1ns", "9223372036854775808ns", "9223372036854775807"])
  func refusesDataSyncTimes(_ time: String) {
    #expect(EntryMetadata(user: ["file-mtime": time], isMarker: false).modified == nil)
  }

  @Test(arguments: [
    EntryMetadata(kind: .file, mode: 0o644, modified: Timestamp(nanoseconds: 1_763_680_000_000_000_001)),
    EntryMetadata(kind: .file, mode: 0o7777, modified: Timestamp(nanoseconds: -1)),
    EntryMetadata(kind: .file, mode: 0, modified: Timestamp(nanoseconds: 0)),
    EntryMetadata(kind: .file),
    EntryMetadata(kind: .file, mode: 0o600, owner: Owner(user: 65_534, group: .max - 1)),
    EntryMetadata(kind: .symlink, mode: 0o777, modified: Timestamp(nanoseconds: -1_000_000_000)),
    EntryMetadata(kind: .directory, mode: 0o2755, modified: Timestamp(seconds: 4_000_000_000)),
  ])
  func readsWhatItWrote(_ metadata: EntryMetadata) {
    #expect(EntryMetadata(user: metadata.user, isMarker: metadata.kind == .directory) == metadata)
  }

  /// One without the other, no number, or the one that means none.
  @Test(arguments: [
    ["uid": "1"], ["gid": "1"], ["uid": "1", "gid": "x"], ["uid": "-1", "gid": "1"], ["uid": "1", "gid": "4294967295"],
    ["uid": "4294967296", "gid": "1"], ["file-owner": "1"], ["s3cmd-attrs": "uid:1/uname:root"],
  ])
  func refusesOwners(_ user: [String: String]) {
    #expect(EntryMetadata(user: user, isMarker: false).owner == nil)
  }

  @Test func writesNineDigitsAndDecimalModes() {
    let metadata = EntryMetadata(kind: .file, mode: 0o644, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 7))
    #expect(metadata.user == ["mtime": "1763680000.000000007", "mode": "33188"])
    #expect(EntryMetadata(kind: .symlink).user == ["mode": "41471"])
    #expect(EntryMetadata(kind: .file, owner: Owner(user: 0, group: 33)).user == ["uid": "0", "gid": "33"])
  }

  @Test func keepsForeignMetadata() {
    let metadata = EntryMetadata(kind: .file, modified: Timestamp(seconds: 2))
    let replaced = metadata.replacing(in: ["mtime": "1", "mode": "33188", "md5chksum": "x", "owner": "me"])
    #expect(replaced == ["mtime": "2.000000000", "md5chksum": "x", "owner": "me"])
  }

  /// Who is not asked about owners leaves them alone.
  @Test func keepsForeignOwners() {
    let metadata = EntryMetadata(kind: .file, mode: 0o600)
    #expect(metadata.replacing(in: ["uid": "1", "gid": "2"]) == ["uid": "1", "gid": "2", "mode": "33152"])
  }

  /// Theirs would contradict ours, to them.
  @Test func saysItAnewInTheWordsOfOthers() {
    let metadata = EntryMetadata(
      kind: .file, mode: 0o600, modified: Timestamp(seconds: 2, nanoseconds: 5), owner: Owner(user: 8, group: 9))
    let attributes = "atime:1/gid:4/gname:staff/md5:0cc1/mode:33188/mtime:1/uid:3/uname:ann"
    let replaced = metadata.replacing(in: [
      "file-permissions": "0100644", "file-mtime": "1000ms", "file-owner": "3", "file-atime": "1000ms",
      "s3cmd-attrs": attributes, "md5chksum": "x",
    ])
    let expected = [
      "mode": "33152", "mtime": "2.000000005", "uid": "8", "gid": "9", "file-permissions": "100600",
      "file-mtime": "2000000005ns", "file-owner": "8", "file-atime": "1000ms", "md5chksum": "x",
      "s3cmd-attrs": "atime:1/gid:9/md5:0cc1/mode:33152/mtime:2/uid:8",
    ]
    #expect(replaced == expected)
    #expect(
      EntryMetadata(user: replaced.filter { $0.key.hasPrefix("file-") || $0.key == "gid" }, isMarker: false).mode
        == 0o600)
    // The checksums are those of the content before.
    let rewritten = metadata.replacing(in: ["s3cmd-attrs": attributes, "md5chksum": "x"], isNewContent: true)
    #expect(rewritten["md5chksum"] == nil && !rewritten["s3cmd-attrs", default: "md5"].contains("md5"))
    // What the entry does not say stays as it was.
    let silent = EntryMetadata(kind: .file).replacing(in: ["file-mtime": "1000ms", "s3cmd-attrs": attributes])
    #expect(silent == ["file-mtime": "1000ms", "s3cmd-attrs": attributes])
  }
}
