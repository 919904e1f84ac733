/// What a run of many seeds must have seen at least once; a zero fails it.
///
/// Each list names what the seeds reach reliably. Left out, and covered by tests of their own: cells that need a second
/// mount or a reserved kind of file (unknown, unsupported), conflicts at a first contact with `--first-sync`, and what
/// needs three rare things at once.
package enum Coverage {
  /// What goes wrong with requests and with the world.
  private static let faults = """
    fault disorder
    fault empty listing
    fault root lost
    fault slow
    feed belated
    feed doubled
    feed gap
    feed live
    feed lost
    feed silent
    feed told
    remote conditionFailed
    remote configuration
    remote corrupted
    remote key that is no path
    remote late effect
    remote notFound
    remote outcomeUnknown
    remote part resumed
    remote permission
    remote raced
    remote server
    remote throttled
    remote unreachable
    world acted between two calls
    world acted within a commit
    world acted within a read
    world clock step
    world crash
    world power loss
    world restart
    world stop
    world volume unmounted
    """

  /// What users and the program at the bucket do.
  private static let users = """
    bucket delete
    bucket link that leads out
    bucket odd key
    bucket put
    user append
    user changeMode
    user closeFolder
    user copy between volumes
    user create
    user delete
    user deleteFolder
    user fight
    user fileToFolder
    user hardLink
    user keepOpen
    user makeFolder
    user overwrite
    user overwriteUnnoticed
    user removeFolder
    user rename
    user renameFolder
    user replace
    user saveLikeVim
    user store
    user symlink
    user touch
    user truncate
    user writeLate
    user writeMapped
    """

  /// Where nodes crashed: before and after calls of the ports.
  private static let crashes = CrashPoint.calls.flatMap { call in
    CrashPoint.Moment.allCases.map { "crash \($0) \(call)" }
  }
  /// Metadata alone is rarely applied.
  private static let rare: Set<String> = ["crash before local applyMetadata", "crash after local applyMetadata"]

  /// Cells of the planner's tables: what happened here × what happened in the bucket → the next step.
  private static let plans = """
    plan clash without row: absent × absent → nothing
    plan clash without row: absent × object → blocked
    plan clash without row: present × absent → yieldToDirectory
    plan clash: changed × unchanged → yieldToDirectory
    plan clash: deleted × absent → forget
    plan clash: deleted × changed → blocked
    plan clash: deleted × unchanged → deleteRemote
    plan clash: suspect × unchanged → yieldToDirectory
    plan clash: unchanged × absent → deleteLocal
    plan clash: unchanged × unchanged → yieldToDirectory
    plan directory without row: absent × absent → nothing
    plan directory without row: absent × marker → makeLocalDirectory
    plan directory without row: present × absent → nothing
    plan directory without row: present × absent → putMarker
    plan directory without row: present × implied → adopt
    plan directory without row: present × marker → adopt
    plan directory: absent × absent → forget
    plan directory: absent × implied → nothing
    plan directory: absent × marker → deleteMarker
    plan directory: present × absent → removeLocalDirectory
    plan directory: present × implied → nothing
    plan directory: present × marker → nothing
    plan leaf without row: absent × absent → nothing
    plan leaf without row: absent × object → download
    plan leaf without row: present × absent → upload
    plan leaf without row: present × object → compare
    plan leaf: changed × absent → upload
    plan leaf: changed × changed → compare
    plan leaf: changed × unchanged → upload
    plan leaf: deleted × absent → forget
    plan leaf: deleted × changed → download
    plan leaf: deleted × touched → deleteRemote
    plan leaf: deleted × unchanged → deleteRemote
    plan leaf: metadata × absent → deleteLocal
    plan leaf: metadata × unchanged → uploadMetadata
    plan leaf: refreshed × absent → deleteLocal
    plan leaf: refreshed × changed → download
    plan leaf: refreshed × touched → inspectRemote
    plan leaf: refreshed × unchanged → adopt
    plan leaf: suspect × absent → inspectLocal
    plan leaf: suspect × changed → inspectLocal
    plan leaf: suspect × touched → inspectLocal
    plan leaf: suspect × unchanged → inspectLocal
    plan leaf: unchanged × absent → deleteLocal
    plan leaf: unchanged × changed → download
    plan leaf: unchanged × refreshed → adopt
    plan leaf: unchanged × touched → inspectRemote
    plan leaf: unchanged × unchanged → nothing
    """

  /// Turns of the protocol that a plan does not tell.
  private static let turns = """
    turn absenceProvenInParts
    turn backsOff
    turn changesTooOften
    turn conditionFailed
    turn conflictCopyExists
    turn conflictLocalWins
    turn conflictRemoteWins
    turn absenceUndecided
    turn deletionIsMove
    turn emptiedFolderKept
    turn hintedWhileRead
    turn installWasDone
    turn installWasNotDone
    turn leftApart
    turn localChanged
    turn markerWaits
    turn markerWasThere
    turn modeKept
    turn obstructed
    turn raceLost
    turn removalWasDone
    turn renameGivenUp
    turn renameWaits
    turn unrecordedUploadsSought
    turn uploadAbandoned
    turn uploadGoesOn
    turn uploadUnwanted
    turn uploadWaits
    turn writeHadLanded
    turn writeHadNotLanded
    turn yieldWaits
    turn yieldedSynced
    turn yieldedUnsynced
    """

  /// What engines did.
  private static let commits = """
    engine committed adopted
    engine committed deletedLocal
    engine committed deletedRemote
    engine committed directoryMade
    engine committed directoryRemoved
    engine committed downloaded
    engine committed markerDeleted
    engine committed markerPut
    engine committed metadataUploaded
    engine committed renamedRemote
    engine committed uploaded
    engine complete
    engine conflict
    engine copy
    engine copyaside
    engine delete
    engine deletionsHalted
    engine install
    engine metadata
    engine mkdir
    engine passFailed
    engine put
    engine remove
    engine reported
    engine retrying
    engine rmdir
    """

  /// What came of calls of the local port, and the steps of its commit protocol.
  private static let outcomes = """
    commit step displaced
    commit step exchangedBack
    commit step inSlot
    commit step linked
    commit step recorded
    commit step refused
    commit step staged
    commit step verified
    local applyMetadata: applied
    local busy
    local changed
    local checkRoot fails: rootLost
    local copyAside: copied
    local copyAside: existed
    local disk full
    local fingerprint fails: changed
    local hasEntries fails: permission
    local install: changed
    local install: installed
    local install: installed provisionally
    local install: obstructed
    local lease refused
    local makeDirectory fails: changed
    local observe fails: permission
    local observe fails: rootLost
    local observe: absent
    local observe: below a leaf
    local observe: directory
    local observe: file
    local observe: symlink
    local obstructed
    local permission
    local read fails: busy
    local read fails: changed
    local read fails: vanished
    local read: provisional
    local read: stable
    local remove: removed
    local removeDirectory: removed
    local snapshot fails: busy
    local snapshot fails: changed
    local vanished
    local verify: changed
    local verify: stable
    """

  /// What came of calls of the remote port.
  private static let replies = """
    remote abortUpload fails: outcomeUnknown
    remote beginUpload fails: outcomeUnknown
    remote beginUpload fails: throttled
    remote completeUpload fails: conditionFailed
    remote completeUpload fails: notFound
    remote copy fails: conditionFailed
    remote delete fails: conditionFailed
    remote delete fails: notFound
    remote delete fails: outcomeUnknown
    remote delete fails: raced
    remote download fails: corrupted
    remote download fails: server
    remote download fails: throttled
    remote download fails: unreachable
    remote head fails: configuration
    remote head fails: permission
    remote head fails: server
    remote head fails: throttled
    remote head fails: unreachable
    remote list fails: configuration
    remote list fails: permission
    remote list fails: server
    remote list fails: throttled
    remote list fails: unreachable
    remote put fails: conditionFailed
    remote put fails: corrupted
    remote put fails: notFound
    remote put fails: outcomeUnknown
    remote put fails: permission
    remote put fails: raced
    remote put fails: throttled
    remote put fails: unreachable
    remote read fails: conditionFailed
    remote read fails: corrupted
    remote read fails: server
    remote read fails: throttled
    remote read fails: unreachable
    remote unfinishedUploads fails: unreachable
    remote uploadPart fails: corrupted
    remote uploadPart fails: outcomeUnknown
    remote uploadPart fails: throttled
    remote abortUpload
    remote beginUpload
    remote completeUpload
    remote content
    remote copy
    remote delete
    remote download
    remote head
    remote holds
    remote list
    remote proveAbsent
    remote put
    remote read
    remote replaceMetadata
    remote unfinishedUploads
    remote uploadPart
    """

  static let expected: [String] =
    crashes.filter { !rare.contains($0) }
    + [faults, users, plans, turns, commits, outcomes, replies].flatMap { list in
      list.split(separator: "\n").map(String.init)
    }

  /// What never happened.
  package static func missing(from counters: [String: Int]) -> [String] {
    expected.filter { counters[$0, default: 0] == 0 }
  }
}
