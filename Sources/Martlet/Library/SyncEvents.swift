import NIOConcurrencyHelpers
import SyncEngine

/// What happens from the moment on at which ``Syncer/events`` gave it; ends with the run.
///
/// Each value of it has a buffer of its own of ``capacity`` events, so that no consumer ever holds up the syncing. Whoever
/// reads too slowly loses the oldest ones, and finds ``SyncEvent/dropped(count:)`` in their place. Iterators of one value
/// share its events: ask ``Syncer/events`` for another for each consumer.
public struct SyncEvents: AsyncSequence, Sendable {
  /// Events that wait for their consumer, at most.
  public static let capacity = 1024

  /// Takes events out, in their order.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var iterator: AsyncStream<SyncEvent>.Iterator
    fileprivate let dropped: NIOLockedValueBox<Int>

    /// Waits for the next event; nil at the end of the run, and where the task is cancelled.
    public mutating func next() async -> SyncEvent? {
      if let event = takeDropped() { return event }
      if let event = await iterator.next() { return event }
      return takeDropped()
    }

    private func takeDropped() -> SyncEvent? {
      let count = dropped.withLockedValue { dropped in
        defer { dropped = 0 }
        return dropped
      }
      return count > 0 ? .dropped(count: count) : nil
    }
  }

  fileprivate let stream: AsyncStream<SyncEvent>
  fileprivate let dropped = NIOLockedValueBox(0)

  /// One of the iterators that share the events.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(iterator: stream.makeAsyncIterator(), dropped: dropped)
  }
}

/// Gives each event to every consumer; never waits for one.
final class EventHub: SyncObserver {
  private struct Consumer {
    let continuation: AsyncStream<SyncEvent>.Continuation
    let dropped: NIOLockedValueBox<Int>
  }

  private struct State {
    var consumers: [UInt64: Consumer] = [:]
    var last: UInt64 = 0
    var isFinished = false
  }

  private let state = NIOLockedValueBox(State())
  private let next: any SyncObserver

  init(next: any SyncObserver) { self.next = next }

  func record(_ event: EngineEvent) {
    next.record(event)
    if let event = SyncEvent(event) { send(event) }
  }

  func send(_ event: SyncEvent) {
    for consumer in state.withLockedValue({ Array($0.consumers.values) }) {
      if case .dropped = consumer.continuation.yield(event) { consumer.dropped.withLockedValue { $0 += 1 } }
    }
  }

  /// Events of now and later; none after the end.
  func events() -> SyncEvents {
    let (stream, continuation) = AsyncStream<SyncEvent>.makeStream(
      bufferingPolicy: .bufferingNewest(SyncEvents.capacity))
    let events = SyncEvents(stream: stream)
    let id = state.withLockedValue { state -> UInt64? in
      guard !state.isFinished else { return nil }
      state.last += 1
      state.consumers[state.last] = Consumer(continuation: continuation, dropped: events.dropped)
      return state.last
    }
    guard let id else {
      continuation.finish()
      return events
    }
    continuation.onTermination = { [weak self] _ in
      _ = self?.state.withLockedValue { $0.consumers.removeValue(forKey: id) }
    }
    return events
  }

  var consumerCount: Int { state.withLockedValue { $0.consumers.count } }

  func finish() {
    let consumers = state.withLockedValue { state in
      defer { state.consumers = [:] }
      state.isFinished = true
      return state.consumers.values
    }
    for consumer in consumers { consumer.continuation.finish() }
  }
}
