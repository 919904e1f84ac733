import Logging
import NIOConcurrencyHelpers

/// What is asked on the control socket.
extension Syncer {
  func answer(_ request: ControlRequest) async -> [UInt8] {
    switch request.command {
    case .status: break
    case .pause: await pause()
    case .resume: await resume()
    case .flush, .reconcile:
      do {
        if request.command == .flush {
          try await flush(request.arguments["path"] ?? "")
        } else {
          try await reconcile()
        }
      } catch {
        return ControlFailure(error: "\(error)").json()
      }
    case .nodes:
      do throws(ControlFailure) { return try await nodes() } catch { return error.json() }
    case .limit:
      do throws(ControlFailure) { try limit(request.arguments) } catch { return error.json() }
    }
    return await status()?.json() ?? []
  }

  private func nodes() async throws(ControlFailure) -> [UInt8] {
    guard case .running(_, let run, _) = state.withLockedValue({ $0 }), let nodes = run.nodes else {
      throw ControlFailure(
        error: "this run does not tell other nodes of itself: it has no --dfs, --journal or --event-queue")
    }
    do {
      guard var report = await status() else { return [] }
      report.nodes = try await nodes.nodes()
      return report.json()
    } catch {
      throw ControlFailure(error: "\(error)")
    }
  }

  private func limit(_ rates: [String: String]) throws(ControlFailure) {
    var limits: [String: Configuration.Bandwidth] = [:]
    for (direction, text) in rates {
      guard let limit = Configuration.Bandwidth(parsing: text), ["up", "down"].contains(direction) else {
        throw ControlFailure(error: "--\(direction) \(text): \(Configuration.Bandwidth.hint)")
      }
      limits[direction] = limit
    }
    guard !limits.isEmpty else { return }
    bandwidth.change(up: limits["up"], down: limits["down"])
    let told = rates.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    logger.notice("bandwidth is limited by “martlet limit”: \(told.joined(separator: ", "))")
  }
}
