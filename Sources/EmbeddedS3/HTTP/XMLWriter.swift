import NIOCore

/// Writes a reply's XML.
struct XMLWriter {
  private(set) var buffer = ByteBuffer()

  init(capacity: Int = 512) {
    self.buffer.reserveCapacity(capacity)
    self.buffer.writeString(#"<?xml version="1.0" encoding="UTF-8"?>"# + "\n")
  }

  /// An element with elements inside.
  mutating func element(_ name: String, attributes: String = "", _ content: (inout XMLWriter) throws -> Void) rethrows {
    self.buffer.writeString("<\(name)\(attributes)>")
    try content(&self)
    self.buffer.writeString("</\(name)>")
  }

  /// The outermost element, in S3's namespace.
  mutating func root(_ name: String, _ content: (inout XMLWriter) throws -> Void) rethrows {
    try self.element(name, attributes: #" xmlns="http://s3.amazonaws.com/doc/2006-03-01/""#, content)
  }

  /// An element with text inside; nothing when the text is nil.
  mutating func element(_ name: String, _ text: String?) {
    guard let text else { return }
    self.buffer.writeString("<\(name)>")
    self.escape(text)
    self.buffer.writeString("</\(name)>")
  }

  mutating func element(_ name: String, _ number: Int) { self.element(name, String(number)) }

  mutating func element(_ name: String, _ flag: Bool) { self.element(name, flag ? "true" : "false") }

  /// Text between the tags of the element that is open.
  mutating func text(_ text: String) { self.escape(text) }

  private mutating func escape(_ text: String) {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x26 || $0 == 0x3C || $0 == 0x3E }) else {
      self.buffer.writeString(text)
      return
    }
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): self.buffer.writeStaticString("&amp;")
      case UInt8(ascii: "<"): self.buffer.writeStaticString("&lt;")
      case UInt8(ascii: ">"): self.buffer.writeStaticString("&gt;")
      case UInt8(ascii: "\""): self.buffer.writeStaticString("&quot;")
      // XML 1.0 knows no control characters, S3 sends them so all the same: `encoding-type=url` is the way out.
      case 0..<0x20: self.buffer.writeString("&#x\(String(byte, radix: 16));")
      default: self.buffer.writeInteger(byte)
      }
    }
  }
}
