/// Escaping for the few documents that are sent.
package enum XMLText {
  package static let s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

  /// Control characters become character references: a carriage return would otherwise arrive as a line feed.
  package static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}": escaped += "&#\(scalar.value);"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
