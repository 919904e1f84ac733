import Foundation
import Martlet

// What must hold when the users rest and the network is good.

extension Torture {
  /// Waits until every tree and the bucket are equal, and stay so.
  func rest() async throws {
    ledger.note("network", "good from now on")
    for proxy in proxies { proxy.mode = .good }
    for node in nodes where form.killsAtRest {
      try await node.killed()
      try node.launched()
    }
    let begin = ContinuousClock.now
    try await eventually("everything is equal", within: form.restLimit, every: .milliseconds(300)) {
      try await difference()
    }
    let equal = nodes[0].snapshot()
    ledger.note("all", "equal after \(ContinuousClock.now - begin)")
    print("Equal after \(ContinuousClock.now - begin)")
    // Three polls: nothing goes to and fro (I3, I9).
    try await Task.sleep(for: .seconds(3))
    // A pass may just be under way.
    try await eventually("everything is still equal", within: .seconds(20), every: .milliseconds(300)) {
      try await difference()
    }
    if let change = nodes[0].snapshot().difference(from: equal, names: ("now", "before")) {
      throw TortureFailure("the trees went on changing: \(change)")
    }
  }

  private func difference() async throws -> String? {
    if let late = proxies.first(where: { $0.late > 0 })?.late { return "\(late) requests are still to land" }
    for node in nodes {
      if let end = node.process?.poll() {
        guard access(node.readyFile, F_OK) != 0 else {
          throw TortureFailure("\(node.name) ended by itself with \(end)")
        }
        // It met the bad network when it started.
        try node.launched()
      }
      guard let status = try? node.status(), status.isReady else { return "\(node.name) is not ready" }
      let left = status.quarantined.filter { !$0.reason.contains("folder of the same name") }
      if status.state != .idle || status.pending > 0 || !left.isEmpty {
        return "\(node.name) is \(status.state) with \(status.pending) pending, \(left), \(status.lastError ?? "")"
      }
      if let halted = status.deletionsHalted { return "\(node.name) halts deletions: \(halted)" }
    }
    func trees(reading: Bool) -> [TreeSnapshot] {
      nodes.map { form.kind == .rclone ? $0.snapshot(reading: reading).onlyContents : $0.snapshot(reading: reading) }
    }
    for reading in [false, true] {
      let trees = trees(reading: reading)
      for (node, tree) in zip(nodes, trees).dropFirst() {
        if let difference = trees[0].difference(from: tree, names: (nodes[0].name, node.name)) { return difference }
      }
      if reading { return try await bucketDifference(trees[0]) }
    }
    return nil
  }

  /// The bucket against a tree: every key a file with its content, no other file.
  private func bucketDifference(_ tree: TreeSnapshot) async throws -> String? {
    let keys = try await treeKeys()
    var left = tree.entries.filter { $0.value.content != .directory }
    for (path, key) in keys where !path.text.hasSuffix("/") {
      // A key beside keys below it: the folder wins, the key is reported.
      if keys.keys.contains(where: { $0.bytes.starts(with: Array("\(path.text)/".utf8)) }) { continue }
      guard let entry = left.removeValue(forKey: path) else { return "the bucket has \(path), the trees do not" }
      guard case .file = entry.content else { continue }
      let bytes = try await server.bucket.get(key)
      if content(bytes) != entry.content { return "\(path) has another content in the bucket" }
    }
    return left.isEmpty ? nil : "the bucket lacks \(left.keys.sorted().prefix(10).map(\.description))"
  }

  /// The keys of the tree by path, without what nodes keep for themselves.
  private func treeKeys() async throws -> [PathKey: String] {
    var keys: [PathKey: String] = [:]
    for key in try await server.bucket.objects("tree/").keys where !key.text.hasPrefix("tree/.martlet/") {
      keys[PathKey(String(key.text.dropFirst(5)))] = key.text
    }
    return keys
  }

  // MARK: The account

  func judge() async throws {
    for node in nodes {
      let end = try await node.stopped()
      guard case .exited(let status) = end, status < 2 else { throw TortureFailure("\(node.name) ended with \(end)") }
    }
    try await judgeContents()
    try await judgeLeftovers()
  }

  /// I1 and I4.
  private func judgeContents() async throws {
    var live: [ContentID: String] = [:]
    for node in nodes {
      for (path, entry) in node.snapshot().entries {
        if case .file(let size, let crc64) = entry.content {
          live[ContentID(size: size, crc64: crc64)] = "\(node.name)'s \(path)"
        }
      }
    }
    for key in try await server.bucket.objects("tree/").keys where !key.text.hasSuffix("/") && !isOfProbe(key.text) {
      var object = GrowingContent()
      object.append(try await server.bucket.get(key.text))
      if live[object.id] == nil { live[object.id] = "object \(key)" }
    }
    for (content, place) in live where !ledger.knows(content) {
      throw TortureFailure("I4: \(place) holds \(content), which nobody wrote")
    }
    let owed = ledger.owed()
    let trash = trashContents()
    let missing = owed.filter { live[$0] == nil }
    let inTrash = missing.filter { trash.contains($0) }
    // What no writer gave up is in the trees. Only where there are no conditions a request that lands late may put
    // an older version over a newer one.
    let lost = missing.filter { !(form.mayLandLateUnnoticed($0.size) && trash.contains($0)) && !ledger.mayBeUnseen($0) }
    print(
      "\(owed.count) contents owed: \(owed.count - missing.count) in the trees and the bucket, \(inTrash.count) only in "
        + "a trash, \(lost.count) lost; \(live.count) contents live")
    if !lost.isEmpty {
      throw TortureFailure(
        "I1: \(lost.count) contents are lost:\n" + lost.prefix(4).map { ledger.story(of: $0) }.joined(separator: "\n"))
    }
  }

  /// All that lies below the folders of state.
  private func trashContents() -> Set<ContentID> {
    var found: Set<ContentID> = []
    func walk(_ folder: String) {
      for name in names(in: folder) {
        let path = "\(folder)/\(name)"
        var status = stat()
        guard lstat(path, &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR { walk(path) }
        if status.st_mode & S_IFMT == S_IFREG, let content = ContentID(of: path) { found.insert(content) }
      }
    }
    for node in nodes { walk(node.path(".martlet")) }
    return found
  }

  /// I5: what was unfinished was finished or removed.
  private func judgeLeftovers() async throws {
    if form.kind != .rclone {
      let uploads = try await server.bucket.unfinishedUploads()
      if !uploads.isEmpty { throw TortureFailure("I5: unfinished uploads of \(uploads)") }
    }
    for node in nodes {
      let files = node.temporaryFiles()
      if !files.isEmpty { throw TortureFailure("I5: \(node.name) has left \(files)") }
      let hidden = node.snapshot(reading: false).entries.keys.filter { $0.text.contains(".martlet-tmp") }
      if !hidden.isEmpty { throw TortureFailure("I5: \(node.name) has left \(hidden)") }
    }
    let own = try await server.bucket.objects("tree/.martlet/").keys.filter {
      !$0.text.contains("/aside/") && !isOfProbe($0.text)
    }
    if !own.isEmpty { throw TortureFailure("I5: left in the bucket: \(own.sorted())") }
  }

  /// What a server is tried on. A probe that was killed or cut off leaves it to a later one.
  private func isOfProbe(_ key: String) -> Bool { key.hasPrefix("tree/.martlet/probe/") }
}
