import NIOConcurrencyHelpers

/// The faults in force and the server's clock. Shared by the Swift API and the control endpoint.
package final class FaultTable: Sendable {
  private let state = NIOLockedValueBox(State())

  private struct State {
    var faults: [Fault] = []
    var clockOffset: Int64 = 0
  }

  package init() {}

  /// All faults, with what is left of `skip` and `count`. The first that matches a call hits it.
  package var faults: [Fault] {
    get { self.state.withLockedValue { $0.faults } }
    set { self.state.withLockedValue { $0.faults = newValue } }
  }

  /// Seconds by which the server's clock is ahead of the machine's.
  package var clockOffset: Int64 {
    get { self.state.withLockedValue { $0.clockOffset } }
    set { self.state.withLockedValue { $0.clockOffset = newValue } }
  }

  package func add(_ fault: Fault) {
    self.state.withLockedValue { $0.faults.append(fault) }
  }

  package func removeAll() {
    self.state.withLockedValue { $0 = State() }
  }

  /// The fault that hits this call; counts it.
  func take(_ operation: S3Operation, key: String) -> Fault.Action? {
    self.state.withLockedValue { state in
      for index in state.faults.indices where state.faults[index].matches(operation, key: key) {
        if state.faults[index].skip > 0 {
          state.faults[index].skip -= 1
          continue
        }
        if let count = state.faults[index].count {
          guard count > 0 else { continue }
          state.faults[index].count = count - 1
        }
        return state.faults[index].action
      }
      return nil
    }
  }
}
