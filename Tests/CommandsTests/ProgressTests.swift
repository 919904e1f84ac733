import SyncEngine
import Testing

@testable import Commands
@testable import Martlet

@Suite struct ProgressTests {
  private static let mebibyte: Int64 = 1 << 20

  /// Two uploads: one of 10 MiB at 45 %, one that has not moved.
  private func board() -> TransferBoard {
    var board = TransferBoard()
    board.record(.transferStarted(transfer(1, "docs/large.bin", size: 10 * Self.mebibyte)), now: 0)
    board.record(.transferStarted(transfer(2, "b", size: 0, .download)), now: 0)
    board.record(.transferProgressed(Transfer.ID(1), bytes: Self.mebibyte * 9 / 2), now: 2 * second)
    return board
  }

  @Test func showsALinePerTransferAndATotal() {
    #expect(
      ProgressView.lines(board(), now: 2 * second, columns: 80, rows: 10) == [
        "upload   docs/large.bin   45%  4.5 of 10.0 MiB",
        "download b  100%  0 of 0 B",
        "total: 0 of 2 files, 4.5 of 10.0 MiB, 2.3 MiB/s, 3 s left",
      ])
  }

  @Test func showsNothingWhileNothingMoves() {
    #expect(ProgressView.lines(TransferBoard(), now: 0, columns: 80, rows: 10).isEmpty)
  }

  @Test func keepsToTheRowsAndColumns() {
    var board = TransferBoard()
    for number in 1...50 {
      board.record(
        .transferStarted(transfer(UInt64(number), String(repeating: "long/", count: 40) + "\(number)", size: 1)), now: 0
      )
    }
    let lines = ProgressView.lines(board, now: second, columns: 40, rows: 6)
    #expect(lines.count <= 6)
    #expect(lines.allSatisfy { $0.count < 40 })
    #expect(lines.contains { $0.hasSuffix("more") })
    #expect(lines[0].contains("…"))
    #expect(lines[0].contains("long/1 "))
  }

  @Test func namesCannotDriveTheTerminal() {
    var board = TransferBoard()
    board.record(.transferStarted(transfer(1, "a\u{1B}[2J\n", size: 1)), now: 0)
    #expect(ProgressView.lines(board, now: 0, columns: 80, rows: 6)[0].hasPrefix(#"upload   a\u{1B}[2J\n  "#))
  }

  @Test func aFinishedTransferCountsInFullAndAFailedOneForWhatItMoved() {
    var board = board()
    board.record(.transferEnded(Transfer.ID(1), failure: nil), now: 3 * second)
    #expect(board.movedBytes == 10 * Self.mebibyte)
    board.record(.transferStarted(transfer(3, "c", size: 100)), now: 3 * second)
    board.record(.transferProgressed(Transfer.ID(3), bytes: 40), now: 3 * second)
    board.record(.transferEnded(Transfer.ID(3), failure: "lost"), now: 4 * second)
    #expect(board.movedBytes == 10 * Self.mebibyte + 40)
    #expect(board.knownBytes == 10 * Self.mebibyte + 40)
    #expect(board.finishedCount == 2)
  }

  @Test func countsAnewAfterAQuietTime() {
    var board = board()
    board.record(.transferEnded(Transfer.ID(1), failure: nil), now: 3 * second)
    board.record(.transferEnded(Transfer.ID(2), failure: nil), now: 3 * second)
    board.record(.transferStarted(transfer(4, "d", size: 5)), now: 60 * second)
    #expect(board.startedCount == 1)
    #expect(board.knownBytes == 5)
    #expect(board.movedBytes == 0)
  }

  @Test func theRateIsThatOfTheLastSeconds() {
    var board = TransferBoard()
    board.record(.transferStarted(transfer(1, "a", size: 10_000)), now: 0)
    for step in 1...100 {
      // 1 byte a second at first, then 100.
      board.record(.transferProgressed(Transfer.ID(1), bytes: step <= 50 ? 1 : 100), now: Int64(step) * second)
    }
    #expect((90...110).contains(board.rate(now: 100 * second)))
    #expect(board.remaining(now: 100 * second).map { $0 > 40 && $0 < 60 } == true)
  }

  @Test(arguments: [
    (Int64(0), "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1 << 20, "1.0 MiB"),
    (5 << 40, "5.0 TiB"), (.max, "8.0 EiB"),
  ]) func bytesAreInBinaryUnits(_ bytes: Int64, _ expected: String) {
    #expect(ByteText.describe(bytes) == expected)
  }
}
