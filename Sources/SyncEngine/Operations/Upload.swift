import SyncModel

extension Engine {
  func upload(
    _ path: RelativePath, _ stamp: LocalStamp, replacing expected: RemoteStamp?, _ sight: inout Sight
  ) async throws -> Outcome? {
    if sight.base != nil, stamp.kind == .file { await hintOtherNames(of: stamp, than: path) }
    if stamp.kind == .file, stamp.size > options.largeSize {
      return try await inLane { try await uploadLarge(path, stamp, replacing: expected, sight) }
    }
    return try await uploadSmall(path, stamp, replacing: expected, &sight)
  }

  /// A change through one name of a hard-linked file raises no event for the others.
  func hintOtherNames(of stamp: LocalStamp, than path: RelativePath) async {
    guard let entries = try? await store.entries(mount: stamp.mount, inode: stamp.inode) else { return }
    for entry in entries where entry.path != path && entry.local.metadata != stamp.metadata {
      mark(entry.path, .localEvent)
    }
  }

  private func uploadSmall(
    _ path: RelativePath, _ stamp: LocalStamp, replacing expected: RemoteStamp?, _ sight: inout Sight
  ) async throws -> Outcome? {
    let content: SmallContent
    if let read = sight.content, read.stamp == stamp {
      content = read
    } else {
      content = try await local.read(path, expecting: stamp, whileOpen: openVersion(of: path, stamp))
    }
    let stamp = content.stamp
    if content.isOfOpenFile { try await requireRestingGroup(of: path, stamp, beginning: content.bytes) }
    let transfer = begin(.upload, path, content.size)
    do {
      var intent = newIntent(.put, path, expected)
      let metadata = stamp.metadata(since: sight.base)
      intent.describe(content.fingerprint, metadata)
      intent.local = SentStamp(stamp, isProvisional: content.isProvisional)
      try await open(intent)
      guard content.isOfOpenFile || !wasHinted(path, since: sight) else {
        turn(path, .hintedWhileRead)
        try await close(intent)
        throw LocalFailure(.changed, "“\(path)” changed while it was read")
      }
      let version = try await sending(intent) {
        try await remote.put(path, content, metadata: metadata, replacing: expected)
      }
      try await commit(
        BaseEntry(
          path: path, local: stamp, remote: version, fingerprint: content.fingerprint, metadata: metadata,
          isProvisional: content.isProvisional),
        closing: intent, as: .uploaded)
      end(transfer, moved: content.size)
      return .settled
    } catch {
      end(transfer, failure: error)
      throw error
    }
  }

  /// The watcher told of a change since the local side was observed.
  private func wasHinted(_ path: RelativePath, since sight: Sight) -> Bool {
    guard let entry = dirty.entry(for: path) else { return false }
    return entry.generation != sight.generation && entry.reasons.contains(.localEvent)
  }

  private func uploadLarge(
    _ path: RelativePath, _ stamp: LocalStamp, replacing expected: RemoteStamp?, _ sight: Sight
  ) async throws -> Outcome? {
    // Its turn came late.
    if isPaused { return .later(.zero) }
    let snapshot = try await local.openSnapshot(path, expecting: stamp, whileOpen: openVersion(of: path, stamp))
    let transfer = begin(.upload, path, snapshot.size)
    do {
      if snapshot.isOfOpenFile {
        let beginning = try await snapshot.read(at: 0, count: min(DatabaseFiles.header.count, Int(snapshot.size)))
        try await requireRestingGroup(of: path, snapshot.stamp, beginning: beginning)
      }
      let outcome = try await uploadParts(path, snapshot, replacing: expected, sight, transfer)
      await snapshot.close()
      end(transfer, moved: 0)
      return outcome
    } catch {
      await snapshot.close()
      end(transfer, failure: error)
      throw error
    }
  }

  private func uploadParts(
    _ path: RelativePath, _ snapshot: any LocalSnapshot, replacing expected: RemoteStamp?, _ sight: Sight,
    _ transfer: Transfer
  ) async throws -> Outcome? {
    let stamp = snapshot.stamp
    let metadata = stamp.metadata(since: sight.base)
    var intent = try await resumedUpload(path, size: stamp.size, metadata, expected)
    let upload: MultipartUpload
    if let begun = intent.upload {
      upload = begun
    } else {
      intent.describe(nil, metadata)
      intent.local = SentStamp(stamp, isProvisional: true)
      try await note(intent)
      upload = try await beginning(intent) {
        try await remote.beginUpload(path, metadata: metadata, size: snapshot.size)
      }
      intent.upload = upload
      try await note(intent)
    }
    do {
      let parts = try await sendParts(of: upload, snapshot, &intent, transfer)
      guard case .stable(let isProvisional) = try await snapshot.verify(),
        snapshot.isOfOpenFile || !wasHinted(path, since: sight)
      else {
        throw LocalFailure(.changed, "“\(path)” changed while it was uploaded")
      }
      intent.size = snapshot.size
      intent.parts = parts
      intent.local = SentStamp(stamp, isProvisional: isProvisional)
      try await open(intent)
      let final = intent
      let completed = try await sending(final) {
        try await remote.completeUpload(upload, parts: parts, replacing: expected)
      }
      try await commit(
        BaseEntry(
          path: path, local: stamp, remote: completed.stamp, fingerprint: completed.fingerprint,
          metadata: metadata, isProvisional: isProvisional),
        closing: intent, as: .uploaded)
      return .settled
    } catch {
      try await abandon(upload, intent, after: error)
      throw error
    }
  }

  /// Where the reply is lost the intent stays open: what was begun is found and aborted by the passes.
  private func beginning(
    _ intent: Intent, _ body: () async throws -> MultipartUpload
  ) async throws -> MultipartUpload {
    do {
      return try await body()
    } catch let failure as RemoteFailure where failure.code != .outcomeUnknown && failure.code != .server {
      try await close(intent)
      throw failure
    }
  }

  /// An upload of the same size and metadata that was begun earlier; its parts are compared before they count.
  private func resumedUpload(
    _ path: RelativePath, size: Int64, _ metadata: EntryMetadata, _ expected: RemoteStamp?
  ) async throws -> Intent {
    for intent in intents.all(for: path) where intent.upload != nil {
      if var upload = Optional(intent), upload.canGoOn(with: metadata, size: size) {
        upload.expected = expected.map(ExpectedObject.init)
        upload.wasMissed = nil
        turn(path, .uploadGoesOn)
        return upload
      }
      if let stale = intent.upload { try await remote.abortUpload(stale) }
      if !intent.isUncertain { try await close(intent) }
    }
    return newIntent(.multipart, path, expected)
  }

  /// What can never be completed is taken away; what a retry can go on with stays, and what may have been completed
  /// by an earlier request until it is known.
  private func abandon(_ upload: MultipartUpload, _ intent: Intent, after error: any Error) async throws {
    switch error {
    // A refused part is one that another request replaced; the same parts would be refused for ever.
    case let failure as RemoteFailure where failure.code == .conditionFailed || failure.code == .uploadGone:
      return try await keepUncertain(intent)
    case let failure as RemoteFailure where [.raced, .notPossible, .corrupted].contains(failure.code): break
    case let failure as LocalFailure where failure.code == .changed || failure.code == .vanished: break
    default: return
    }
    turn(RelativePath(unchecked: upload.path), .uploadAbandoned)
    try await remote.abortUpload(upload)
    if !intent.isUncertain { try await close(intent) }
  }

  /// Nothing goes on with them.
  func dropUploads(of path: RelativePath) async throws {
    for intent in intents.all(for: path) {
      guard let begun = intent.upload else { continue }
      try await remote.abortUpload(begun)
      try await close(intent)
    }
  }

  private func sendParts(
    of upload: MultipartUpload, _ snapshot: any LocalSnapshot, _ intent: inout Intent, _ transfer: Transfer
  ) async throws -> [PartReceipt] {
    let known = Dictionary((intent.parts ?? []).map { ($0.number, $0) }, uniquingKeysWith: { $1 })
    var receipts: [Int: PartReceipt] = [:]
    var unrecorded = 0
    let remote = remote
    try await withThrowingTaskGroup(of: PartReceipt.self) { group in
      var next = 1
      func add() {
        guard next <= upload.partCount else { return }
        let number = next
        next += 1
        group.addTask {
          try await remote.uploadPart(number, of: upload, from: snapshot, known: known[number])
        }
      }
      for _ in 0..<options.partConcurrency { add() }
      while let receipt = try await group.next() {
        add()
        receipts[receipt.number] = receipt
        observer.record(.transferProgressed(transfer.id, bytes: receipt.size))
        // The record grows with every part: written now and then, a crash sends a few parts again.
        unrecorded += 1
        if unrecorded >= max(4, upload.partCount / 64) {
          unrecorded = 0
          intent.parts = known.merging(receipts) { $1 }.values.sorted { $0.number < $1.number }
          try await note(intent)
        }
      }
    }
    return receipts.values.sorted { $0.number < $1.number }
  }
}
