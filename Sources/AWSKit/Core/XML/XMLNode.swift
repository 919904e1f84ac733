/// A small document as a tree, for replies that are not listings.
package struct XMLNode {
  package var name: String
  /// The character data directly inside.
  package var text: String
  package var children: [XMLNode]

  /// - Throws: also when text or a name is not valid UTF-8.
  package init(parsing bytes: [UInt8]) throws(XMLError) {
    var scanner = XMLScanner(bytes)
    while true {
      switch try scanner.next() {
      case .start:
        self = try XMLNode(element: &scanner)
        while try scanner.next() != .endOfDocument {}
        return
      case .end, .text, .endOfDocument: throw XMLError(reason: "the document has no element", offset: 0)
      }
    }
  }

  private init(element scanner: inout XMLScanner) throws(XMLError) {
    name = try Self.string(scanner.name)
    children = []
    var bytes: [UInt8] = []
    while true {
      switch try scanner.next() {
      case .start: children.append(try XMLNode(element: &scanner))
      case .text: bytes += scanner.text
      case .end, .endOfDocument:
        text = try Self.string(bytes)
        return
      }
    }
  }

  package subscript(_ name: String) -> XMLNode? { children.first { $0.name == name } }

  /// The text of a child.
  package func text(_ name: String) -> String? { self[name]?.text }

  package func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }

  private static func string(_ bytes: some Collection<UInt8>) throws(XMLError) -> String {
    guard let string = String(validating: bytes, as: UTF8.self) else {
      throw XMLError(reason: "text is not valid UTF-8", offset: 0)
    }
    return string
  }
}
