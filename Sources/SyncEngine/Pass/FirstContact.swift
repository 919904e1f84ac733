import SyncModel

/// What is known while the user may still decide about first contact.
struct FirstContact: Sendable {
  var conflicts = 0
  /// Equal contents that wait for their metadata until it is decided.
  var agreed = 0
}

extension Engine {
  private static var key: String { "firstContact" }

  /// Noted before the first row is written and until it is decided: what a run adopted that then ended without
  /// a decision must not pass for a base at the next start.
  func prepareFirstContact() async throws {
    if options.isDryRun { return }
    let isUndecided = try await store.value(Self.key) != nil
    guard options.policy.firstSync == nil, options.asksAtFirstContact else {
      if isUndecided { try await store.setValue(nil, for: Self.key) }
      return
    }
    if !isUndecided {
      guard try await store.leafCount() == 0 else { return }
      try await store.setValue("undecided", for: Self.key)
    }
    undecided = FirstContact()
  }

  /// First contact of two sides that both hold something: equal contents are adopted before anything else,
  /// and where too many differ the user decides. Until then nothing is changed.
  func firstContact() async throws {
    guard undecided != nil else { return }
    undecided = FirstContact()
    if try await bothSidesHoldSomething() {
      // Asked to stop: still undecided.
      guard try await pass(isFull: true, only: .compare) else { return }
    }
    guard let found = undecided else { return }
    let total = try await found.conflicts + found.agreed + store.leafCount()
    var allowance = DeletionGuard(limit: options.deletionLimit)
    if case .halt = allowance.judgePass(
      .local, count: found.conflicts, baseCount: total, isOtherSideEmpty: false, now: 0)
    {
      throw EngineFailure(
        .firstSyncUndecided,
        "\(found.conflicts) files exist on both sides with different contents and were never in sync; nothing was "
          + "changed. Decide with --first-sync remote|local|keep-both")
    }
    try await store.setValue(nil, for: Self.key)
    undecided = nil
    wake.signal()
  }

  /// Where one side is empty there is nothing to compare.
  private func bothSidesHoldSomething() async throws -> Bool {
    let filters = options.filters
    guard try await local.hasEntries(.root, where: { filters.includes($0) }) else { return false }
    let page = try await remote.list(.root, after: nil, continuation: nil, limit: 1)
    return !page.entries.isEmpty || !page.problems.isEmpty || page.continuation != nil
  }
}
