/// How the feed is doing, for the status.
package struct FeedReport: Hashable, Sendable {
  package enum State: String, Hashable, Sendable {
    /// What carries events is being made.
    case connecting
    /// Events may come; none has proven it yet.
    case listening
    /// Events come: listings are rare.
    case live
    /// It does not work and is tried again.
    case failing
  }

  package var queue: String
  package var route: EventRoute
  package var state = State.connecting
  /// Events since the start that something may have followed from.
  package var taken = 0
  /// Of our own writes, of other tools' tags, of Martlet's own objects.
  package var ignored = 0
  /// Records that nobody understands.
  package var unknown = 0
  /// Why it does not work.
  package var problem: String?
}
