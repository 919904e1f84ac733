import Logging
import Martlet
import ServiceLifecycle

/// Shows the transfers under way: live on a terminal, else a line now and then.
struct ProgressReporter: Service {
  let syncer: Syncer
  let console: Console
  let logger: Logger
  let settings: OutputSettings

  private static let redraw: Duration = .milliseconds(200)
  private static let line: Duration = .seconds(30)

  func run() async throws {
    let isLive = console.isTerminal && settings.format == .text && !settings.progressIsMultiline
    let interval = settings.progressInterval ?? (isLive ? Self.redraw : Self.line)
    defer { if isLive { console.show([]) } }
    // Ends with the graceful shutdown, which reaches this service after the syncer.
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try? await Task.sleep(for: interval)
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
