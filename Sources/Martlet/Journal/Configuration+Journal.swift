import SyncModel

extension Configuration {
  /// The small objects in which nodes tell each other what they changed in the bucket.
  public struct Journal: Hashable, Sendable {
    /// `--journal-prefix`: of the keys of the entries, in the same bucket; nil: below the prefix, in `.martlet/journal/`.
    public var prefix: String?

    /// - Parameter prefix: See ``prefix``.
    public init(prefix: String? = nil) { self.prefix = prefix }
  }
}

extension Configuration.Journal {
  /// Room for the number of an entry.
  private static let longestPrefix = KeyMapping.maximumKeyLength - 32

  /// Everything that is wrong with the values themselves.
  func problems(_ location: S3Location?) -> [String] {
    guard let prefix else { return [] }
    func problem(_ text: String) -> [String] { ["--journal-prefix \(prefix): \(text)"] }
    if prefix.isEmpty || prefix.utf8.first == UInt8(ascii: "/") || S3Location.isLocation(prefix) {
      return problem("give the beginning of the keys, such as fleet/journal/; the bucket is that of the location")
    }
    if prefix.utf8.count > Self.longestPrefix { return problem("give at most \(Self.longestPrefix) bytes") }
    guard let location else { return [] }
    let folder = S3Location(bucket: "", prefix: prefix).prefix
    switch KeyMapping(location).path(ofKey: folder) {
    case .failure(.reserved), .failure(.outsidePrefix): return []
    case .success, .failure:
      return problem("lies in the prefix that is synced: name a place outside, or below \(location.prefix).martlet/")
    }
  }
}
