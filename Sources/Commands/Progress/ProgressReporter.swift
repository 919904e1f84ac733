import Logging
import Martlet
import ServiceLifecycle

/// Shows the transfers under way: live on a terminal, else a line now and then.
struct ProgressReporter: Service {
  let syncer: Syncer
  let console: Console
  let logger: Logger
  let format: LogFormat

  private static let redraw: Duration = .milliseconds(200)
  private static let line: Duration = .seconds(30)

  func run() async throws {
    let isLive = console.isTerminal && format == .text
    defer { if isLive { console.show([]) } }
    // Ends with the graceful shutdown, which reaches this service after the syncer.
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try? await Task.sleep(for: isLive ? Self.redraw : Self.line)
        let (board, now) = syncer.transfers
        if isLive {
          let size = console.size
          console.show(ProgressView.lines(board, now: now, columns: size.columns, rows: min(12, size.rows - 1)))
        } else if !board.active.isEmpty, !Task.isCancelled {
          logger.info("transferring; \(ProgressView.total(board, now: now))")
        }
      }
    }
  }
}
