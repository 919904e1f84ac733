internal import Checksums
internal import Digests
internal import FoundationEssentials
internal import Glibc

/// The token that `aws sso login` left, in the file that all of AWS's tools share.
struct SSOToken: Codable, Equatable {
  var startUrl: String?
  var region: String?
  var accessToken: String
  /// As written: ISO 8601.
  var expiresAt: String
  var clientId: String?
  var clientSecret: String?
  var registrationExpiresAt: String?
  var refreshToken: String?
}

/// `~/.aws/sso/cache/SHA1.json`: of the name of the session, in the older form of the start URL.
struct SSOTokenFile {
  let path: String

  init(_ profile: SSOProfile, folder: String) {
    let key = Array((profile.session ?? profile.startURL).utf8)
    path = "\(folder)/\(Hex.encode(SHA1Digest.digest(key))).json"
  }

  /// Nil when there is no such file.
  func read() throws(CredentialError) -> SSOToken? {
    guard let text = try TextFile.read(path) else { return nil }
    // The decoder's own error would show what it read.
    guard let token = try? JSONDecoder().decode(SSOToken.self, from: Data(text.utf8)) else {
      throw CredentialError("the SSO token in \(path) cannot be read: run aws sso login")
    }
    return token
  }

  /// Replaces the file as a whole; only its owner may read it.
  func write(_ token: SSOToken) throws(CredentialError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(token) else { throw CredentialError("the SSO token cannot be written") }
    let temporary = "\(path).\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure() }
    let isWritten = data.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) == $0.count }
    let isDurable = isWritten && fsync(descriptor) == 0
    close(descriptor)
    guard isDurable, rename(temporary, path) == 0 else {
      let failure = failure()
      unlink(temporary)
      throw failure
    }
  }

  private func failure() -> CredentialError {
    CredentialError("cannot write \(path): \(String(cString: strerror(errno)))")
  }
}
