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
        kind: .file, mode: 0o755, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 7))),
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
        kind: .file, mode: 0o640, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 500_000_000))),
    Row(
      description: "rclone sticky directory", user: ["mode": "41777"], isMarker: true,
      expected: EntryMetadata(kind: .directory, mode: 0o1777)),
    Row(
      description: "rclone link", user: ["mode": "120777"], expected: EntryMetadata(kind: .symlink, mode: 0o777)),
    Row(
      description: "DataSync", user: ["file-permissions": "100755", "file-mtime": "1763680000123ms"],
      expected: EntryMetadata(
        kind: .file, mode: 0o755, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 123_000_000))),
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
      expected: EntryMetadata(kind: .file, mode: 0o644, modified: Timestamp(seconds: 1_416_931_200))),
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
    EntryMetadata(kind: .symlink, mode: 0o777, modified: Timestamp(nanoseconds: -1_000_000_000)),
    EntryMetadata(kind: .directory, mode: 0o2755, modified: Timestamp(seconds: 4_000_000_000)),
  ])
  func readsWhatItWrote(_ metadata: EntryMetadata) {
    #expect(EntryMetadata(user: metadata.user, isMarker: metadata.kind == .directory) == metadata)
  }

  @Test func writesNineDigitsAndDecimalModes() {
    let metadata = EntryMetadata(kind: .file, mode: 0o644, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 7))
    #expect(metadata.user == ["mtime": "1763680000.000000007", "mode": "33188"])
    #expect(EntryMetadata(kind: .symlink).user == ["mode": "41471"])
  }

  @Test func keepsForeignMetadata() {
    let metadata = EntryMetadata(kind: .file, modified: Timestamp(seconds: 2))
    let replaced = metadata.replacing(in: ["mtime": "1", "mode": "33188", "md5chksum": "x", "owner": "me"])
    #expect(replaced == ["mtime": "2.000000000", "md5chksum": "x", "owner": "me"])
  }
}
