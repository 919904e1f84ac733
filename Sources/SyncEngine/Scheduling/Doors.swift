/// What those who embed the engine ask of it while it runs.
extension Engine {
  /// While paused nothing begins that transfers, or changes either side; what is under way ends. Hints are taken on,
  /// and after it everything is looked at.
  package func setPaused(_ isPaused: Bool) {
    guard isPaused != self.isPaused else { return }
    self.isPaused = isPaused
    if !isPaused { needsPass = true }
    wake.signal()
    submissionRoom.signal()
    pauseEnd.signal()
  }

  /// Returns when a full pass that began after the call is complete.
  ///
  /// Throws what ended that pass early, such as a `RemoteFailure`; `EngineFailure` with `.ended` where the run is over.
  package func reconcile() async throws {
    if hasEnded { throw EngineFailure.ended }
    try await answered { waiter in
      passAwaited.insert(waiter)
      needsPass = true
      pauseEnd.signal()
    } afterwards: {
      passAwaited.remove($0)
    }
  }

  /// Waits for `answer` with the number that `ask` is given, unless cancelled.
  func answered(_ ask: (UInt64) -> Void, afterwards: (UInt64) -> Void) async throws {
    if hasEnded { throw EngineFailure.ended }
    let waiter = number()
    let (answer, continuation) = AsyncThrowingStream<Never, any Error>.makeStream()
    answers[waiter] = continuation
    defer {
      answers[waiter] = nil
      afterwards(waiter)
    }
    ask(waiter)
    for try await _ in answer {}
    try Task.checkCancellation()
  }

  func answer(_ waiter: UInt64, _ failure: (any Error)?) { answers[waiter]?.finish(throwing: failure) }

  /// At the end of the run: nobody waits for what will not come.
  func end() {
    hasEnded = true
    for waiter in answers.keys.sorted() { answer(waiter, EngineFailure.ended) }
  }
}

extension EngineFailure {
  static let ended = EngineFailure(.ended, "the run ended before it was done")
}
