/// What the proxy does to one request or its reply.
enum ProxyFault: String, CaseIterable, Sendable {
  /// The connection ends when the request's head has come; nothing is forwarded.
  case cutBeforeRequest
  /// As above, with a reset in place of an orderly end.
  case reset
  /// The server gets a part of the request's body, then both connections end.
  case cutRequestBody
  /// The server answers, the answer is thrown away.
  case cutBeforeReply
  /// The connection is reset in the middle of the reply's body.
  case cutReplyBody
  /// An orderly end before the promised length.
  case truncateReply
  /// The client is cut off; the server gets the whole request seconds later.
  case landLate
  case delay
  /// No byte moves for long in the middle of the request's body.
  case stallRequest
  /// No byte moves for long in the middle of the reply's body.
  case stallReply
  case corruptRequestBody
  case corruptReplyBody
  /// A signed header, where the server verifies signatures.
  case corruptRequestHeader
  /// A header that identifies or checks the content; what nothing checks is left alone.
  case corruptReplyHeader
  /// The server never hears of the request.
  case answer500, answer503, answer429
  /// The request takes effect, yet the answer is 500.
  case fail500AfterEffect

  var needsRequestBody: Bool {
    switch self {
    case .cutRequestBody, .stallRequest, .corruptRequestBody: true
    default: false
    }
  }
}

/// Decides which requests meet which fault.
struct ProxyPlan: Sendable {
  /// Of all requests, how many meet a fault.
  var badness: Double
  var faults: [ProxyFault]
  /// Of stalls and of requests that land late.
  var patience: ClosedRange<Int>
  private var generator: TortureGenerator
  private(set) var counts: [ProxyFault: Int] = [:]

  /// - Parameter patience: milliseconds.
  init(seed: UInt64, badness: Double, faults: [ProxyFault], patience: ClosedRange<Int>) {
    self.badness = badness
    self.faults = faults
    self.patience = patience
    generator = TortureGenerator(seed: seed)
  }

  struct Draw: Sendable {
    var fault: ProxyFault?
    /// Where in a body.
    var fraction: Double
    var pause: Duration
    var word: UInt64
    /// Its place in the record.
    var request = 0
  }

  /// Every kind is to happen: first those that did not yet, then half of the faults are of the rarest kind.
  mutating func draw(hasBody: Bool) -> Draw {
    let fraction = generator.fraction()
    let isBad = generator.fraction() < badness
    let possible = faults.filter { hasBody || !$0.needsRequestBody }
    let rarest = possible.min { counts[$0, default: 0] < counts[$1, default: 0] }
    let random = generator.pick(possible)
    let isNew = rarest.map { counts[$0] == nil } ?? false
    let fault = isNew || generator.oneIn(2) ? rarest : random
    let pause = fault == .delay ? generator.milliseconds(5...600) : generator.milliseconds(patience)
    return Draw(fault: isBad ? fault : nil, fraction: fraction, pause: pause, word: generator.next())
  }

  mutating func happened(_ fault: ProxyFault) { counts[fault, default: 0] += 1 }
}
