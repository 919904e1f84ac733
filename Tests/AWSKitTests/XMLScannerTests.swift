import AWSKit
import Testing

private func events(_ document: String) throws -> [String] {
  var scanner = XMLScanner(Array(document.utf8))
  var events: [String] = []
  while true {
    switch try scanner.next() {
    case .start: events.append("<\(String(decoding: scanner.name, as: UTF8.self))")
    case .end: events.append(">\(String(decoding: scanner.name, as: UTF8.self))")
    case .text: events.append(String(decoding: scanner.text, as: UTF8.self))
    case .endOfDocument: return events
    }
  }
}

@Suite struct XMLScannerTests {
  @Test(arguments: [
    ("<a/>", ["<a", ">a"]), ("<a></a>", ["<a", ">a"]), ("  \n<a>x</a>\n ", ["<a", "x", ">a"]),
    ("<?xml version=\"1.0\"?><!-- <b> --><a>x<!-- & -->y</a>", ["<a", "x", "y", ">a"]),
    ("<a b='>' c = \"'/\" ><b/></a >", ["<a", "<b", ">b", ">a"]),
    ("<n:a xmlns:n='u'>t</n:a>", ["<a", "t", ">a"]),
    ("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F600;&#13;</a>", ["<a", "<&>\"'A\u{1F600}\r", ">a"]),
    ("<a><![CDATA[<b>&amp;]]]]></a>", ["<a", "<b>&amp;]]", ">a"]), ("<a>x\r\ny\rz</a>", ["<a", "x\ny\nz", ">a"]),
    ("\u{FEFF}<a>\u{e9}</a>", ["<a", "\u{e9}", ">a"]), ("<a>1 > 0</a>", ["<a", "1 > 0", ">a"]),
  ])
  func wellFormed(document: String, expected: [String]) throws {
    #expect(try events(document) == expected)
  }

  @Test(arguments: [
    "", " ", "x", "<", "<a", "<a>", "<a></b>", "<a/><b/>", "<a/>x", "</a>", "<a><b></a></b>", "<a b></a>",
    "<a b=c></a>", "<a b='c></a>", "<a b='c'd='e'/>", "<a>&nope;</a>", "<a>&amp</a>", "<a>&#0;</a>", "<a>&#xD800;</a>",
    "<a>&#x110000;</a>", "<a>&#+65;</a>", "<a>&#;</a>", "<a>&;</a>", "<a>\u{1}</a>", "<a><![CDATA[x</a>", "<!-- x",
    "<?x",
    "<!DOCTYPE a><a/>", "<a><!ELEMENT b></a>", "<![CDATA[x]]><a/>", "< a/>", "<a / >", "<1a/>", "<a b='<'/>",
    "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>",
  ])
  func malformed(document: String) {
    #expect(throws: XMLError.self) { try events(document) }
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
    }
    #expect(try events(nested(XMLScanner.maximumDepth)).count == 2 * XMLScanner.maximumDepth)
    #expect(throws: XMLError.self) { try events(nested(XMLScanner.maximumDepth + 1)) }
  }

  @Test func node() throws {
    let node = try XMLNode(parsing: Array("<r><a>1</a><b><c/></b><a>2<![CDATA[3]]></a></r>".utf8))
    #expect(node.name == "r")
    #expect(node.all("a").map(\.text) == ["1", "23"])
    #expect(node["b"]?["c"]?.text == "")
    #expect(node.text("missing") == nil)
    #expect(throws: XMLError.self) { try XMLNode(parsing: [0x3C, 0x61, 0x3E, 0xFF, 0x3C, 0x2F, 0x61, 0x3E]) }
  }

  @Test func escapingRoundTrips() throws {
    let text = "a<b>&\"'\r\n\t\u{e9}\u{1F600}\u{85} "
    #expect(try XMLNode(parsing: Array("<a>\(XMLText.escape(text))</a>".utf8)).text == text)
  }
}
