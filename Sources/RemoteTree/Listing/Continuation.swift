/// Where a listing goes on: the server's token, and the last key that it gave, after which the next page
/// has to begin.
struct Continuation: Hashable {
  var lastKey: String
  var token: String

  init(lastKey: String, token: String) {
    self.lastKey = lastKey
    self.token = token
  }

  /// - Returns: nil where the text is not from ``text``.
  init?(_ text: String) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), let length = Int(text[..<colon]) else { return nil }
    let rest = text.utf8[colon...].dropFirst()
    guard length >= 0, length <= rest.count, let lastKey = String(rest.prefix(length)),
      let token = String(rest.dropFirst(length))
    else { return nil }
    self.init(lastKey: lastKey, token: token)
  }

  var text: String { "\(lastKey.utf8.count):\(lastKey)\(token)" }
}
