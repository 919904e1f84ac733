import SyncEngine
import SyncModel

// MARK: - What must hold at rest

extension Oracle {
  /// I1: what no writer gave up stands in a tree or in the bucket, not only in a trash. I4: nothing stands there
  /// that nobody completed.
  ///
  /// - Parameter isRetentionOver: What was written into a slot of the trash after it had been compared has come back.
  func judgeContents(_ nodes: [SimNode], _ server: SimS3, isRetentionOver: Bool) {
    var live: Set<UInt64> = []
    func look(_ content: [UInt8], _ place: @autoclosure () -> String) {
      let hash = SimContent.hash(content)
      if live.insert(hash).inserted, completed[hash] == nil {
        violates("I4", "\(place()) holds “\(String(decoding: content, as: UTF8.self))”, which nobody wrote")
      }
    }
    for key in server.sortedKeys { look(server.objects[key]!.content, "object \(key)") }
    for node in nodes {
      for (path, inode) in node.disk.leaves() { look(inode.content, "\(node.name)'s \(path)") }
    }
    for (hash, content) in completed.sorted(by: { $0.key < $1.key })
    where !superseded.contains(hash) && !live.contains(hash) && (isRetentionOver || !late.contains(hash)) {
      let text = String(decoding: content, as: UTF8.self)
      let holders = nodes.filter { $0.disk.trash.contains { SimContent.hash($0.inode.content) == hash } }
      let isInTrash = !holders.isEmpty
      violates("I1", "“\(text)” is \(isInTrash ? "only in a trash" : "lost") though nobody gave it up")
    }
  }

  /// I5: of what the trash holds a record tells what it is.
  func judgeTrash(_ nodes: [SimNode]) {
    for node in nodes {
      for slot in node.disk.trash where !slot.hasRecord {
        violates("I5", "\(node.name)'s trash holds \(slot.name), of which no record tells what it is")
      }
    }
  }

  /// Whether a content stands in a tree, the bucket or a trash.
  static func isKept(_ hash: UInt64, _ nodes: [SimNode], _ server: SimS3) -> Bool {
    server.objects.values.contains { SimContent.hash($0.content) == hash }
      || nodes.contains { node in
        (node.disk.leaves() + node.disk.awayLeaves).contains { SimContent.hash($0.inode.content) == hash }
          || node.disk.trash.contains { SimContent.hash($0.inode.content) == hash }
      }
  }

  /// Where a content stands in a tree or the bucket.
  static func places(_ hash: UInt64, _ nodes: [SimNode], _ server: SimS3) -> Set<RelativePath> {
    let keys = server.sortedKeys.filter { SimContent.hash(server.objects[$0]!.content) == hash }
    var places = Set(keys.map { RelativePath(unchecked: $0) })
    for node in nodes {
      let leaves = node.disk.leaves() + node.disk.awayLeaves
      places.formUnion(leaves.lazy.filter { SimContent.hash($0.inode.content) == hash }.map(\.path))
    }
    return places
  }

  /// I3: what differs between the trees and the bucket; empty where all are equal.
  func differences(_ nodes: [SimNode], _ server: SimS3) -> [String] { nodes.flatMap { differences($0, server) } }

  private func differences(_ node: SimNode, _ server: SimS3) -> [String] {
    var found: [String] = []
    var files = Dictionary(uniqueKeysWithValues: node.disk.leaves().map { ($0.path, $0.inode) })
    var directories = Set(node.disk.directories())
    let leftAlone = directories.union(files.keys).filter { Self.isLeftAlone($0, node) }
    var expected: Set<RelativePath> = []
    for key in server.sortedKeys {
      guard case .success(let path) = KeyMapping(prefix: "").path(ofKey: key) else { continue }
      expected.formUnion(path.ancestors)
      if path.isDirectory {
        expected.insert(path)
        continue
      }
      // A leaf's key beside keys below its name: the directory wins, the key is reported and left alone.
      if !server.page(prefix: key + "/", after: nil, limit: 1).keys.isEmpty { continue }
      if Self.leadsOut(server.objects[key]!, path) || files[path].map({ Self.leadsOut($0, path) }) == true {
        files[path] = nil
        continue
      }
      guard let inode = files.removeValue(forKey: path) else {
        // A folder of its name that is left alone: that key is reported and left alone as well.
        if leftAlone.contains(where: { $0 == path.asDirectory || $0.isBelow(path) }) { continue }
        found.append("\(node.name) lacks \(path)")
        continue
      }
      let object = server.objects[key]!
      // Stamps that the file system cannot hold count as far as it can.
      let wanted = node.disk.kept(object.metadata)
      if Self.isLeftApart(path, node, inode, object) { continue }
      if inode.content != object.content || inode.kind != object.metadata.kind {
        found.append("\(node.name)'s \(path) has another content than the bucket")
      } else if server.blurred.contains(key) || node.options.policy.comparison != .contents {
        continue
      } else if inode.kind == .file, let mode = wanted.mode, mode != inode.mode {
        found.append("\(node.name)'s \(path) has mode \(inode.mode), the bucket \(mode)")
      } else if inode.kind == .file, let modified = wanted.modified, modified != inode.modified {
        found.append("\(node.name)'s \(path) has another mtime than the bucket")
      }
    }
    for (path, inode) in files where Self.leadsOut(inode, path) { files[path] = nil }
    for path in leftAlone {
      directories.subtract(([path] + path.ancestors).filter { !expected.contains($0) })
      files[path] = nil
    }
    found += files.keys.sorted().map { "\(node.name) has \($0), the bucket does not" }
    found += directories.subtracting(expected).sorted().map { "\(node.name) has folder \($0), the bucket does not" }
    found += expected.subtracting(directories).sorted().map { "\(node.name) lacks folder \($0)" }
    return found
  }

  /// Exactly these versions count as equal by an option, whatever they hold.
  private static func isLeftApart(_ path: RelativePath, _ node: SimNode, _ inode: Inode, _ object: SimObject) -> Bool {
    guard case .entry(let row)? = node.database.records[path], row.isApart else { return false }
    return row.fingerprint == SimContent.fingerprint(inode.content)
      && row.remote.map { object.stamp.hasSameContent(as: $0) } ?? false
  }

  /// What only the node had when it first met the bucket, as it was then; of a folder only its existence counts.
  private static func isLeftAlone(_ path: RelativePath, _ node: SimNode) -> Bool {
    guard case .entry(let row)? = node.database.records[path], row.isApart, row.remote == nil,
      let inode = node.disk.lookup(path)
    else { return false }
    return path.isDirectory || inode.changed == row.local.changed && inode.modified == row.local.modified
  }

  /// Links that lead out of the root are left alone on both sides (I6).
  private static func leadsOut(_ object: SimObject, _ path: RelativePath) -> Bool {
    object.metadata.kind == .symlink && LinkTarget.leadsOut(object.content, from: path)
  }

  private static func leadsOut(_ inode: Inode, _ path: RelativePath) -> Bool {
    inode.kind == .symlink && LinkTarget.leadsOut(inode.content, from: path)
  }
}
