internal import AWSKit

/// Where a bucket sends its events: a document of which only our own part is touched. Everything else stays byte for
/// byte as the server gave it, whatever it means.
package struct BucketNotifications: Hashable, Sendable {
  private struct Element: Hashable, Sendable {
    var name: String
    /// As it stands in the document.
    var bytes: [UInt8]
  }

  private let start: [UInt8]
  private let end: [UInt8]
  private var elements: [Element] = []

  private static let rootName = "NotificationConfiguration"
  private static let bridge = "EventBridgeConfiguration"

  /// - Throws: `XMLError`.
  package init(parsing bytes: [UInt8]) throws {
    guard !bytes.isEmpty else {
      (start, end) = Self.root
      return
    }
    var scanner = XMLScanner(bytes)
    _ = try scanner.next()
    // Servers that have nothing configured name the root otherwise.
    let isPlain = scanner.nameIs("NotificationConfiguration") && bytes[scanner.offset - 2] != UInt8(ascii: "/")
    if isPlain {
      // The name as it is written, with the prefix of a name space.
      let tag = bytes[..<scanner.name.endIndex]
      let opening = tag.lastIndex(of: UInt8(ascii: "<")).map { tag.index(after: $0) } ?? tag.startIndex
      start = Array(bytes[..<scanner.offset])
      end = Array("</".utf8) + tag[opening...] + Array(">".utf8)
    } else {
      (start, end) = Self.root
    }
    var element = (start: 0, name: "")
    while true {
      let before = scanner.offset
      switch try scanner.next() {
      case .start where scanner.depth == 2: element = (before, String(decoding: scanner.name, as: UTF8.self))
      case .end where scanner.depth == 1:
        elements.append(Element(name: element.name, bytes: Array(bytes[element.start..<scanner.offset])))
      case .endOfDocument: return
      default: break
      }
    }
  }

  private static let root: (start: [UInt8], end: [UInt8]) = (
    Array("<\(rootName) xmlns=\"\(XMLText.s3Namespace)\">".utf8), Array("</\(rootName)>".utf8)
  )

  package var document: [UInt8] { start + elements.flatMap(\.bytes) + end }

  // MARK: Rules

  /// Makes the rule one of them; false where it is there already.
  package mutating func add(_ rule: NotificationRule) -> Bool {
    let found = elements.filter { Self.rule($0)?.id == rule.id }
    if found.count == 1, Self.rule(found[0]) == rule { return false }
    _ = remove(id: rule.id)
    elements.append(Element(name: rule.destination.element, bytes: Array(rule.document.utf8)))
    return true
  }

  /// False where there is no rule of this name.
  package mutating func remove(id: String) -> Bool {
    let count = elements.count
    elements.removeAll { Self.rule($0)?.id == id }
    return elements.count < count
  }

  /// The first rule of somebody else that S3 does not take beside this one.
  package func obstacle(to rule: NotificationRule) -> NotificationRule? {
    elements.lazy.compactMap(Self.rule).first { $0.id != rule.id && $0.overlaps(rule) }
  }

  /// Has events sent to EventBridge, too; false where they are.
  package mutating func addEventBridge() -> Bool {
    if elements.contains(where: { $0.name == Self.bridge }) { return false }
    elements.append(Element(name: Self.bridge, bytes: Array("<\(Self.bridge)/>".utf8)))
    return true
  }

  private static func rule(_ element: Element) -> NotificationRule? {
    (try? XMLNode(parsing: element.bytes)).flatMap(NotificationRule.init)
  }
}
