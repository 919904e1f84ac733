/// How often the way between one node and the server fails: once in so many requests, 0 never.
package struct FaultPlan: Sendable {
  /// The reply is lost after the effect.
  package var lostReply = 0
  /// The request is lost, or arrives only after the sender gave up.
  package var lostRequest = 0
  /// 503.
  package var throttled = 0
  /// 409 on a conditional write.
  package var raced = 0
  package var serverError = 0
  /// A body does not match its checksum, or ends early.
  package var corrupted = 0
  /// A reply takes many seconds.
  package var slow = 0
  /// Virtual nanoseconds until which nothing reaches the server.
  package var unreachableUntil: Int64 = 0

  package init() {}

  package static let none = FaultPlan()
}
