package import SyncModel

/// Knows every content that a user completed, and what writers gave up knowingly; judges what the system did.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class Oracle: EffectLedger, @unchecked Sendable {
  struct Place: Hashable {
    var path: RelativePath
    var content: UInt64
  }

  private struct Version: Hashable {
    var path: RelativePath
    var etag: String
  }

  package private(set) var counters: [String: Int] = [:]
  package private(set) var violations: [String] = []
  /// Virtual time of the engines' last change of a tree or the bucket, in nanoseconds.
  package private(set) var lastWrite: Int64 = 0
  package private(set) var writes = 0
  /// Contents that engines sent or fetched, once that came to an end.
  var transfers = 0
  /// Lines of what happened, where a trace is wanted.
  package private(set) var trace: [String]?

  private let executor: SimExecutor
  /// Every completed content, by its hash.
  private(set) var completed: [UInt64: [UInt8]] = [SimContent.hash([]): []]
  /// Contents that a writer replaced or deleted knowing them (I1).
  private(set) var superseded: Set<UInt64> = [SimContent.hash([])]
  /// What writers took away from a path: only that may be deleted there on the other sides (I7).
  /// With those who did; what a disk forgot nobody took away.
  private var givenUp: [Place: Set<String>] = [:]
  /// Where a writer moved a content away from, or took one of its names, and none brought it back to: at which node.
  private var left: [Place: String] = [:]
  /// When a writer last deleted a path or moved it away, or an engine deleted its object, virtual nanoseconds.
  private var deleted: [RelativePath: Int64] = [:]
  /// When a content first stood at a key.
  private var stood: [Place: Int64] = [:]
  /// Contents that stood in the bucket at any time, at any key.
  private(set) var stored: Set<UInt64> = []
  /// Contents that were written into the trash after they had been compared.
  private(set) var late: Set<UInt64> = []
  private var hasLostPower = false
  private var landedLate: Set<RelativePath> = []
  private var everDirectories: Set<RelativePath> = []
  /// The versions that a node was told of, by node.
  private var seen: [String: Set<Version>] = [:]
  /// Whether a content still stands in a tree, the bucket or a trash.
  var isKept: ((UInt64) -> Bool)?
  /// Where a content stands in the trees and the bucket.
  var places: ((UInt64) -> Set<RelativePath>)?
  /// Whether the bucket has a content at a path.
  var bucketHolds: ((RelativePath, UInt64) -> Bool)?
  var etagsTellContent = true
  /// The node at which alone anybody works, if that is so.
  var onlyWriter: String?

  var now: Int64 { executor.now }

  package init(executor: SimExecutor, isTracing: Bool) {
    self.executor = executor
    trace = isTracing ? [] : nil
  }

  package func note(_ line: @autoclosure () -> String) {
    guard trace != nil else { return }
    let tenths = executor.now / 100_000
    let time = "\(tenths / 10_000).\(String(tenths % 10_000 + 10_000).dropFirst())"
    trace!.append("\(String(repeating: " ", count: max(0, 9 - time.count)))\(time) \(line())")
  }

  package func count(_ what: String) { counters[what, default: 0] += 1 }

  package func violates(_ invariant: String, _ what: String) {
    note("VIOLATION \(invariant): \(what)")
    violations.append("\(invariant): \(what)")
  }
}

// MARK: - What writers tell

extension Oracle {
  func completes(_ content: [UInt8]) { completed[SimContent.hash(content)] = content }

  /// What was given up at one path stands at another one. Where its object still stands at `path` and somebody
  /// elsewhere wrote the next version of it, this node has nothing to send, and that version comes.
  func restores(_ content: [UInt8], at path: RelativePath, node: String) {
    let place = Place(path: path, content: SimContent.hash(content))
    let isReplacedElsewhere = givenUp[place, default: []].contains { $0 != node }
    if isReplacedElsewhere, bucketHolds?(path, place.content) == true { return }
    superseded.remove(place.content)
  }

  /// A content stands in a slot of the trash that was compared before: it comes back when the retention ends.
  func completesLate(_ content: [UInt8]) { late.insert(SimContent.hash(content)) }

  /// A writer whose base was this content replaced or deleted it at `path`.
  func supersedes(_ content: [UInt8], at path: RelativePath, by writer: String) {
    let place = Place(path: path, content: SimContent.hash(content))
    superseded.insert(place.content)
    givenUp[place, default: []].insert(writer)
  }

  /// A writer whose base was this content deleted it at `path`.
  func deletes(_ content: [UInt8], at path: RelativePath, by writer: String) {
    supersedes(content, at: path, by: writer)
    deleted[path] = executor.now
  }

  /// The bucket has this content at `path` from now on.
  func stores(_ content: [UInt8], at path: RelativePath) {
    let place = Place(path: path, content: SimContent.hash(content))
    if completed[place.content] == nil {
      violates("I4", "object \(path) holds “\(String(decoding: content, as: UTF8.self))”, which nobody wrote")
    }
    // A folder that an engine kept beside a file is made by nobody else (seed 10021305).
    everDirectories.formUnion(path.ancestors)
    if stood[place] == nil { stood[place] = executor.now }
    stored.insert(place.content)
  }

  /// A writer moved this content away from `path`; it lives on. Where others have taken away, unheard of here, all the
  /// names that it lives on at, everybody gave up the name that they knew of.
  func moves(_ content: [UInt8], from path: RelativePath, at node: String) {
    let hash = SimContent.hash(content)
    loses(content, from: path)
    left[Place(path: path, content: hash)] = node
    guard let places = places?(hash), !places.isEmpty,
      places.allSatisfy({ left[Place(path: $0, content: hash)] != nil })
    else { return }
    count("world last names given up")
    superseded.insert(hash)
  }

  /// The disk forgot this content's name: there it is as if a writer had moved it away.
  func loses(_ content: [UInt8], from path: RelativePath) {
    deleted[path] = executor.now
    givenUp[Place(path: path, content: SimContent.hash(content)), default: []].formUnion([])
  }

  /// A writer gave this content the name `path`, too. Where the object still stands whose name was given up at another
  /// node, this one has nothing to send: who gave it up never hears of it.
  func names(_ content: [UInt8], as path: RelativePath, at node: String) {
    let place = Place(path: path, content: SimContent.hash(content))
    if let leaver = left[place], leaver != node, bucketHolds?(path, place.content) == true { return }
    left[place] = nil
  }

  /// A writer moved a folder with all that is below it away.
  func movesFolder(_ path: RelativePath) { deleted[path.asDirectory] = executor.now }

  func makesDirectory(_ path: RelativePath) { everDirectories.insert(path.asDirectory) }
}

// MARK: - What engines do

extension Oracle {
  package func wrote(_ description: @autoclosure () -> String, node: String) {
    writes += 1
    lastWrite = executor.now
    let description = description()
    count("engine " + description.prefix { $0 != " " })
    note("\(node) \(description)")
  }

  /// From now on a disk may have gone back in time, as if somebody had written.
  func losesPower() { hasLostPower = true }

  package func landsLate(at path: RelativePath) { landedLate.insert(path) }

  /// I9: what one writer did can only be in conflict with itself. A file that gave way to a folder of its name is
  /// kept whoever made the folder; and what arrived after a look had missed it, when the file had been replaced or was
  /// gone, cannot be told from what another node moved there.
  func conflicts(_ path: RelativePath, node: String) {
    if onlyWriter != nil, !hasLostPower, !everDirectories.contains(path.asDirectory), !landedLate.contains(path) {
      violates("I9", "\(node) found \(path) in conflict, of which there is one writer only")
    }
  }

  package func removedLocally(_ path: RelativePath, content: [UInt8], node: String) {
    if everDirectories.contains(path.asDirectory) { return }
    judgeRemoval(of: path, content: content, "\(node) removed \(path)")
  }

  package func removedRemotely(_ path: RelativePath, content: [UInt8], node: String) {
    if path.isDirectory { return }
    judgeLoss(of: content, "\(node) deleted object \(path)")
    judgeRemoval(of: path, content: content, "\(node) deleted object \(path)")
    deleted[path] = executor.now
  }

  package func saw(_ path: RelativePath, etag: String, node: String) {
    seen[node, default: []].insert(Version(path: path, etag: etag))
  }

  package func replacedRemotely(
    _ path: RelativePath, _ old: SimObject, by content: [UInt8], isMetadata: Bool, node: String
  ) {
    if seen[node]?.contains(Version(path: path, etag: old.etag)) != true {
      violates("I2", "\(node) replaced a version of \(path) that it was never told of")
    }
    if path.isDirectory { return }
    if old.content == content {
      // Elsewhere an ETag that changed with the metadata says nothing of the content.
      if !isMetadata && etagsTellContent && !hasLostPower {
        violates("I9", "\(node) sent to \(path) the content that it held already")
      }
    } else {
      judgeLoss(of: old.content, "\(node) replaced \(path)")
    }
  }

  /// I1: what an engine takes away was given up by a writer, or stands elsewhere.
  private func judgeLoss(of content: [UInt8], _ what: String) {
    let hash = SimContent.hash(content)
    if superseded.contains(hash) || isKept?(hash) != false { return }
    violates("I1", "\(what), the last copy of “\(String(decoding: content, as: UTF8.self))”, which nobody gave up")
  }

  /// A version goes where a writer gave it up; or, once it stood in the bucket, where any later version was
  /// deleted, there or by a writer: what the deleter did not know of was kept elsewhere when that version replaced it.
  private func judgeRemoval(of path: RelativePath, content: [UInt8], _ what: String) {
    let place = Place(path: path, content: SimContent.hash(content))
    if givenUp[place] != nil { return }
    // A commit under way in a folder that is moved lands where the folder is then.
    let gone = ([path] + path.ancestors).compactMap { deleted[$0] }.max()
    if let gone, let stood = stood[place], stood <= gone { return }
    violates("I7", "\(what) with “\(String(decoding: content, as: UTF8.self))”, which no writer gave up there")
  }
}
