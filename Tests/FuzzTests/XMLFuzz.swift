import AWSKit
import Testing

extension FuzzTests {
  /// The scanner and the tree agree, elements nest, and what is escaped reads back.
  @Test func xml() throws {
    let fuzzer = Fuzzer(
      target: "xml",
      seeds: [
        "<?xml version=\"1.0\"?><!-- c --><a:A xmlns:a='u'>t<b/>&amp;&#65;&#x20AC;<![CDATA[x<]]></a:A >\n",
        "<Error><Code>NoSuchKey</Code><Message>é</Message></Error>", "<a b=\"c\" d = 'e&lt;'>\r\n<?p i?></a>",
      ],
      tokens: [
        "<", ">", "/>", "</", "<a>", "</a>", "&", ";", "&#", "&#x", "&#0;", "&#xD800;", "&#1114112;", "&lt;",
        "<![CDATA[",
        "]]>", "<!--", "-->", "<?", "?>", "<!DOCTYPE a>", "=", "'", "a:", ":", "\u{FEFF}",
      ])
    try fuzzer.run { input in
      let tree = try? XMLNode(parsing: input)
      let text = String(decoding: input, as: UTF8.self)
      let escaped = "<t>\(XMLText.escape(text))</t>"
      // NUL has no form in XML.
      if !input.contains(0) {
        let read = try XMLNode(parsing: Array(escaped.utf8))
        try require(read.text.utf8.elementsEqual(text.utf8), "escaped text reads back as \(read.text.debugDescription)")
      }
      guard let elements = try? Self.elements(of: input) else {
        return try require(tree == nil, "the tree takes what the scanner refuses")
      }
      if let tree { try require(Self.count(tree) == elements, "the tree has other elements than the scanner") }
    }
  }

  private static func elements(of input: [UInt8]) throws -> Int {
    var scanner = XMLScanner(input)
    var open: [[UInt8]] = []
    var count = 0
    while true {
      switch try scanner.next() {
      case .start:
        open.append(Array(scanner.name))
        count += 1
      case .end: try require(open.popLast() == Array(scanner.name), "an end without its start")
      case .text: try require(!open.isEmpty, "text outside")
      case .endOfDocument:
        try require(open.isEmpty && count > 0, "the end inside of an element")
        return count
      }
      try require(scanner.depth <= XMLScanner.maximumDepth, "too deep")
    }
  }

  private static func count(_ node: XMLNode) -> Int { node.children.reduce(1) { $0 + count($1) } }
}
