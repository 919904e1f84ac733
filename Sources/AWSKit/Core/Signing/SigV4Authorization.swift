/// The parsed `Authorization` header of a signed request, for a server that verifies it.
package struct SigV4Authorization: Sendable, Equatable {
  package let accessKeyID: String
  package let scope: SigV4Scope
  /// Lower-case names.
  package let signedHeaders: Set<String>
  package let signature: String

  /// Nil unless the header has the form `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
  package init?(header: String) {
    guard header.hasPrefix(SigV4.algorithm + " ") else { return nil }
    var fields: [Substring: Substring] = [:]
    for field in header.dropFirst(SigV4.algorithm.count + 1).split(separator: ",") {
      let parts = field.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      fields[parts[0]] = parts[1]
    }
    guard let credential = fields["Credential"]?.split(separator: "/", omittingEmptySubsequences: false),
      credential.count >= 5, credential.last == "aws4_request",
      let signedHeaders = fields["SignedHeaders"], let signature = fields["Signature"]
    else { return nil }
    // The access key comes first and may hold slashes itself.
    let scopeStart = credential.count - 4
    accessKeyID = credential[..<scopeStart].joined(separator: "/")
    scope = SigV4Scope(
      date: String(credential[scopeStart]), region: String(credential[scopeStart + 1]),
      service: String(credential[scopeStart + 2]))
    self.signedHeaders = Set(signedHeaders.split(separator: ";").map { $0.lowercased() })
    self.signature = String(signature)
  }
}
