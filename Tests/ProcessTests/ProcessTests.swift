import Foundation
import Testing

/// The built program on real files against real servers. One test at a time: they are about time.
@Suite(.serialized) enum ProcessTests {
  /// A number that a variable of the environment may raise for a longer run by hand.
  static func scale(_ variable: String, default standard: Int) -> Int {
    ProcessInfo.processInfo.environment[variable].flatMap(Int.init) ?? standard
  }
}

/// What many nodes have in common, and the services that they use: a second queue beside the first one, since they mostly
/// wait.
@Suite(.serialized) enum FleetTests {}
