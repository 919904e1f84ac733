internal import Crypto
internal import NIOConcurrencyHelpers

/// Signs requests and keeps the signing key of the day.
package final class SigV4Signer: Sendable {
  private struct CachedKey {
    var secretAccessKey: String
    var scope: SigV4Scope
    var key: SymmetricKey
  }

  private let service: String
  private let cached = NIOLockedValueBox<[CachedKey]>([])
  /// More than one: buckets of several regions, and two days around midnight.
  private static let cachedKeys = 4

  package init(service: String) {
    self.service = service
  }

  /// The value of the `Authorization` header.
  /// - Parameter headers: all that will be sent and is to be signed; `host`, `x-amz-date` (the form of
  ///   `timestamp`), `x-amz-content-sha256` and, for temporary credentials, `x-amz-security-token` among them.
  package func authorization(
    method: String, path: String, query: String, headers: [(name: String, value: String)], payloadHash: String,
    credentials: AWSCredentials, region: String, timestamp: String
  ) -> String {
    let scope = SigV4Scope(date: String(timestamp.prefix(8)), region: region, service: service)
    let request = SigV4.canonicalRequest(
      method: method, path: path, query: query, headers: headers, payloadHash: payloadHash)
    let signature = SigV4.signature(
      stringToSign: SigV4.stringToSign(canonicalRequest: request.text, timestamp: timestamp, scope: scope),
      signingKey: signingKey(credentials.secretAccessKey, scope))
    return SigV4.authorization(
      accessKeyID: credentials.accessKeyID, scope: scope, signedHeaders: request.signedHeaders, signature: signature)
  }

  private func signingKey(_ secretAccessKey: String, _ scope: SigV4Scope) -> SymmetricKey {
    cached.withLockedValue { cached in
      if let hit = cached.first(where: { $0.scope == scope && $0.secretAccessKey == secretAccessKey }) {
        return hit.key
      }
      let key = SigV4.signingKey(secretAccessKey: secretAccessKey, scope: scope)
      cached.insert(CachedKey(secretAccessKey: secretAccessKey, scope: scope, key: key), at: 0)
      if cached.count > Self.cachedKeys { cached.removeLast() }
      return key
    }
  }
}
