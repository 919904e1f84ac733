import Glibc
import NIOConcurrencyHelpers

/// A stream of lines, and on a terminal a block of live lines below them that is redrawn in place.
final class Console: Sendable {
  static let standardError = Console(file: STDERR_FILENO)
  static let standardOutput = Console(file: STDOUT_FILENO)

  private let file: CInt
  /// Lines of the block on the screen.
  private let live = NIOLockedValueBox<[String]>([])

  init(file: CInt) { self.file = file }

  var isTerminal: Bool { isatty(file) == 1 }

  /// Columns and rows.
  var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// One line; the live block stays below it.
  func write(_ line: String) {
    live.withLockedValue { block in
      send(Self.erasing(block) + line + "\n" + block.map { $0 + "\n" }.joined())
    }
  }

  /// Replaces the live block; empty removes it.
  func show(_ lines: [String]) {
    live.withLockedValue { block in
      if block == lines { return }
      send(Self.erasing(block) + lines.map { $0 + "\n" }.joined())
      block = lines
    }
  }

  /// Cursor up over the block, then clear to the end of the screen (ECMA-48 CUU and ED).
  private static func erasing(_ block: [String]) -> String {
    block.isEmpty ? "" : "\u{1B}[\(block.count)A\r\u{1B}[J"
  }

  private func send(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      // A closed or full stream must not end the syncing.
      if count < 0, errno != EINTR { return }
      bytes = bytes.dropFirst(max(0, count))
    }
  }
}
