import FoundationEssentials
import Martlet

extension Configuration.Objects {
  /// What is wrong is told to the reader.
  init(_ options: ObjectOptions, _ reader: inout SettingReader) {
    self.init()
    acl = reader.choice("--acl", options.acl)
    let grants = options.grants.isEmpty ? Self.words(reader.variable("--grants")) : options.grants
    for text in grants {
      guard let grant = Grant(parsing: text) else {
        reader.refuse("--grants \(text): give PERMISSION=GRANTEES, with read, readacl, writeacl or full")
        continue
      }
      self.grants.append(grant)
    }
    sse = reader.choice("--sse", options.sse)
    sseKMSKeyID = reader.text("--sse-kms-key-id", options.sseKMSKeyID)
    sseCKey = Self.key("--sse-c", algorithm: options.sseC, key: options.sseCKey, &reader)
    sseCCopySourceKey = Self.key(
      "--sse-c-copy-source", algorithm: options.sseCCopySource, key: options.sseCCopySourceKey, &reader)
    storageClass = reader.choice("--storage-class", options.storageClass)
    websiteRedirect = reader.text("--website-redirect", options.websiteRedirect)
    contentType = reader.text("--content-type", options.contentType)
    guessesContentType = !(reader.flag("--no-guess-mime-type", options.noGuessMimeType ? true : nil) ?? false)
    cacheControl = reader.text("--cache-control", options.cacheControl)
    contentDisposition = reader.text("--content-disposition", options.contentDisposition)
    contentEncoding = reader.text("--content-encoding", options.contentEncoding)
    contentLanguage = reader.text("--content-language", options.contentLanguage)
    expires = reader.text("--expires", options.expires)
    metadata =
      reader.value("--metadata", options.metadata) { text throws(SettingProblem) in
        guard let map = MetadataMap.parse(text) else {
          throw SettingProblem("give NAME=VALUE,NAME=VALUE or a JSON object of strings")
        }
        return map
      } ?? [:]
    metadataDirective = reader.choice("--metadata-directive", options.metadataDirective)
    copyProps = reader.choice("--copy-props", options.copyProps) ?? .default
    checksumAlgorithm = reader.value("--checksum-algorithm", options.checksumAlgorithm) { text throws(SettingProblem) in
      if let algorithm = ChecksumAlgorithm(rawValue: text) { return algorithm }
      let choices = ChecksumAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
      throw SettingProblem(
        (text.hasPrefix("XXHASH") ? "hashes of the xxHash family are not computed here; " : "")
          + "give one of \(choices)")
    }
    asksForChecksums = reader.constant("--checksum-mode", options.checksumMode, "ENABLED")
    requestPayer = reader.constant("--request-payer", options.requestPayer, "requester")
    pageSize = reader.value("--page-size", options.pageSize) { text throws(SettingProblem) in
      guard let count = Int(text) else { throw SettingProblem("give a number") }
      return count
    }
    forcesGlacierTransfer =
      reader.flag("--force-glacier-transfer", options.forceGlacierTransfer ? true : nil) ?? false
    ignoresGlacierWarnings =
      reader.flag("--ignore-glacier-warnings", options.ignoreGlacierWarnings ? true : nil) ?? false
  }

  private static func words(_ text: String?) -> [String] {
    text?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
  }

  /// A key stands in no message.
  private static func key(
    _ option: String, algorithm: String?, key: String?, _ reader: inout SettingReader
  ) -> CustomerKey? {
    let isWanted = reader.constant(option, algorithm, "AES256")
    guard let text = key ?? reader.variable("\(option)-key") else {
      if isWanted { reader.refuse("\(option): give \(option)-key as well") }
      return nil
    }
    if !isWanted, algorithm == nil, reader.variable(option) == nil {
      reader.refuse("\(option)-key: give \(option) as well")
    }
    do {
      return CustomerKey(try ParameterFile(environment: reader.environment).bytes(text))
    } catch {
      reader.refuse("\(option)-key: \(error.hint)")
      return nil
    }
  }
}

extension Configuration.Objects {
  /// The options that were given and that are about what is written to the bucket.
  var namesOfUploads: [String] {
    let names: [(String, Bool)] = [
      ("--acl", acl != nil), ("--grants", !grants.isEmpty), ("--sse", sse != nil),
      ("--sse-kms-key-id", sseKMSKeyID != nil), ("--sse-c-copy-source", sseCCopySourceKey != nil),
      ("--storage-class", storageClass != nil), ("--website-redirect", websiteRedirect != nil),
      ("--content-type", contentType != nil), ("--no-guess-mime-type", !guessesContentType),
      ("--cache-control", cacheControl != nil), ("--content-disposition", contentDisposition != nil),
      ("--content-encoding", contentEncoding != nil), ("--content-language", contentLanguage != nil),
      ("--expires", expires != nil), ("--metadata", !metadata.isEmpty),
      ("--metadata-directive", metadataDirective != nil), ("--copy-props", copyProps != .default),
      ("--checksum-algorithm", checksumAlgorithm != nil),
    ]
    return names.filter(\.1).map(\.0)
  }
}

extension SettingReader {
  /// Whether the only value that there is was given.
  mutating func constant(_ option: String, _ given: String?, _ constant: String) -> Bool {
    value(option, given) { text throws(SettingProblem) in
      guard text == constant else { throw SettingProblem("give \(constant)") }
      return true
    } ?? false
  }
}

/// `k1=v1,k2="v,2"`, or a JSON object of strings.
enum MetadataMap {
  static func parse(_ text: String) -> [String: String]? {
    let text = text.drop(while: \.isWhitespace)
    if text.first == "{" {
      return try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    }
    var map: [String: String] = [:]
    for pair in pairs(text) {
      guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else { return nil }
      var value = pair[pair.index(after: equals)...]
      if value.count > 1, let quote = value.first, quote == "\"" || quote == "'", value.last == quote {
        value = value.dropFirst().dropLast()
      }
      map[pair[..<equals].trimmed] = String(value)
    }
    return map.isEmpty ? nil : map
  }

  /// Cut at the commas outside of quotes.
  private static func pairs(_ text: Substring) -> [Substring] {
    var pairs: [Substring] = []
    var quote: Character?
    var start = text.startIndex
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        // Within a value it is a character like others.
        if index > text.startIndex, text[text.index(before: index)] == "=" { quote = character }
      } else if character == "," {
        pairs.append(text[start..<index])
        start = text.index(after: index)
      }
    }
    return pairs + [text[start...]]
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
