import ArgumentParser
import Foundation
import Testing

@testable import Commands
@testable import Martlet

/// The options of `aws s3 sync` that say what goes along with objects.
@Suite struct ObjectOptionsTests {
  private static let key = String(repeating: "k", count: 32)

  private func objects(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Configuration.Objects {
    try invocation(["/tmp", "s3://b"] + arguments, environment).configuration.objects
  }

  private func problems(_ arguments: [String], _ environment: [String: String] = [:]) throws -> [String] {
    let error = try #require(throws: UsageError.self) { _ = try objects(arguments, environment) }
    return error.problems
  }

  private func invocation(_ arguments: [String], _ environment: [String: String]) throws -> SyncInvocation {
    try SyncInvocation(SyncOptions.parse(arguments), environment: environment)
  }

  @Test func takesAllOfThem() throws {
    let objects = try objects([
      "--acl", "public-read", "--sse", "aws:kms", "--sse-kms-key-id", "alias/ours", "--storage-class", "GLACIER_IR",
      "--website-redirect", "/else", "--content-type", "x/y", "--no-guess-mime-type", "--cache-control", "no-cache",
      "--content-disposition", "attachment", "--content-encoding", "br", "--content-language", "de", "--expires",
      "3600", "--metadata", "a=1", "--metadata-directive", "REPLACE", "--copy-props", "none", "--checksum-algorithm",
      "SHA1", "--checksum-mode", "ENABLED", "--request-payer", "requester", "--page-size", "10",
      "--force-glacier-transfer", "--ignore-glacier-warnings",
    ])
    #expect(objects.acl == .publicRead && objects.sse == .kms && objects.sseKMSKeyID == "alias/ours")
    #expect(objects.storageClass == .glacierIR && objects.websiteRedirect == "/else")
    #expect(objects.contentType == "x/y" && !objects.guessesContentType && objects.cacheControl == "no-cache")
    #expect(objects.contentDisposition == "attachment" && objects.contentEncoding == "br")
    #expect(objects.contentLanguage == "de" && objects.expires == "3600" && objects.metadata == ["a": "1"])
    #expect(objects.metadataDirective == .replace && objects.copyProps == .none)
    #expect(objects.checksumAlgorithm == .sha1 && objects.asksForChecksums && objects.requestPayer)
    #expect(objects.pageSize == 10 && objects.forcesGlacierTransfer && objects.ignoresGlacierWarnings)
  }

  @Test func saysNothingOfObjectsWithoutThem() throws {
    let objects = try objects([])
    #expect(objects.acl == nil && objects.grants.isEmpty && objects.sseCKey == nil && objects.metadata.isEmpty)
    #expect(objects.guessesContentType && objects.copyProps == .default && objects.checksumAlgorithm == nil)
  }

  /// As the translation of a command line writes it, with all values behind `=`.
  @Test func takesValuesBehindAnEqualSign() throws {
    let objects = try objects([
      "--sse=aws:kms", "--sse-kms-key-id=alias/ours", "--request-payer=requester", "--acl=private",
    ])
    #expect(objects.sse == .kms && objects.sseKMSKeyID == "alias/ours")
    #expect(objects.requestPayer && objects.acl == .isPrivate)
  }

  @Test func takesGrants() throws {
    let objects = try objects(["--grants", "read=uri=http://a/b", "full=id=1,id=2"])
    #expect(objects.grants.map(\.permission) == [.read, .full])
    #expect(objects.grants.map(\.grantees) == ["uri=http://a/b", "id=1,id=2"])
    #expect(try self.objects([], ["MARTLET_GRANTS": "read=id=1 full=id=2"]).grants.count == 2)
    for grant in ["read", "write=id=1", "full=", "=id=1"] {
      #expect(try problems(["--grants", grant]).contains { $0.contains("--grants") && $0.contains("PERMISSION") })
    }
    #expect(try problems(["--acl", "private", "--grants", "full=id=1"]).contains { $0.contains("--acl and --grants") })
  }

  // MARK: Keys

  @Test func takesAKeyAsTextOrFromAFile() throws {
    let file = NSTemporaryDirectory() + "/key-\(UUID().uuidString)"
    let bytes = (0..<32).map { UInt8($0) }
    try Data(bytes).write(to: URL(filePath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    #expect(try objects(["--sse-c", "AES256", "--sse-c-key", Self.key]).sseCKey?.bytes == Array(Self.key.utf8))
    #expect(try objects(["--sse-c", "AES256", "--sse-c-key", "fileb://\(file)"]).sseCKey?.bytes == bytes)
    #expect(
      try objects([], ["MARTLET_SSE_C": "AES256", "MARTLET_SSE_C_KEY": Self.key]).sseCKey?.bytes.count == 32)
    #expect(
      try objects(["--sse-c-copy-source", "AES256", "--sse-c-copy-source-key", Self.key]).sseCCopySourceKey != nil)
  }

  /// What is said of a key does not say it.
  @Test(arguments: [
    ["--sse-c", "AES256"], ["--sse-c-key", key], ["--sse-c", "AES256", "--sse-c-key", "kkkk-too-short"],
    ["--sse-c", "AES256", "--sse-c-key", "fileb:///nonexistent"], ["--sse-c", "DES", "--sse-c-key", key],
    ["--sse", "AES256", "--sse-c", "AES256", "--sse-c-key", key],
  ]) func refusesKeysThatCannotBeUsed(_ arguments: [String]) throws {
    let problems = try problems(arguments)
    #expect(problems.contains { $0.contains("--sse-c") })
    #expect(!problems.contains { $0.contains("kkkk") })
  }

  @Test func descriptionsDoNotShowAKey() {
    var configuration = Configuration(root: "/tmp", location: "s3://b")
    configuration.objects.sseCKey = Configuration.Objects.CustomerKey(Array(Self.key.utf8))
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in ["\(configuration)", String(reflecting: configuration.objects.sseCKey), dumped] {
      #expect(!text.contains("107") && !text.contains("kkk"), "\(text)")
    }
  }

  // MARK: Values

  @Test(
    arguments: [
      ("a=1", ["a": "1"]), ("a=1,b=2", ["a": "1", "b": "2"]), ("a=\"1,2\",b=3", ["a": "1,2", "b": "3"]),
      ("a='1,2'", ["a": "1,2"]), ("a=1=2", ["a": "1=2"]), ("a=", ["a": ""]),
      (#"{"a": "1,2", "b": ""}"#, ["a": "1,2", "b": ""]),
      ("a=it's", ["a": "it's"]), ("a", nil), ("=1", nil), ("", nil), ("{\"a\": 1}", nil), ("{", nil), ("a=1,,b=2", nil),
    ] as [(String, [String: String]?)])
  func readsMetadata(text: String, map: [String: String]?) { #expect(MetadataMap.parse(text) == map) }

  @Test(arguments: [
    ["--metadata", "a=é"], ["--metadata", "a b=1"], ["--metadata", "a=" + String(repeating: "x", count: 2_000)],
    ["--expires", "tomorrow"], ["--expires", "2030-13-01T00:00:00Z"], ["--page-size=-1"], ["--page-size", "many"],
    ["--cache-control", "max-age=7\n"], ["--content-type", "x/y\u{7F}"], ["--storage-class", "COLD"],
    ["--acl", "mine"],
    ["--sse", "aws:kms:dsse"], ["--checksum-algorithm", "XXHASH64"], ["--checksum-mode", "on"],
    ["--request-payer", "me"], ["--copy-props", "some"], ["--metadata-directive", "MOVE"],
  ]) func refuses(_ arguments: [String]) throws {
    let option = arguments[0].prefix { $0 != "=" }
    #expect(try problems(arguments).contains { $0.contains(option) })
  }

  @Test func xxHashIsRefusedWithTheReason() throws {
    #expect(
      try problems(["--checksum-algorithm", "XXHASH3"]) == [
        "--checksum-algorithm XXHASH3: hashes of the xxHash family are not computed here; give one of CRC64NVME, CRC32, "
          + "CRC32C, SHA1, SHA256, SHA512"
      ])
  }

  @Test(
    arguments: [
      ("3600", "Thu, 01 Jan 1970 01:00:00 GMT"), ("0", "Thu, 01 Jan 1970 00:00:00 GMT"),
      ("2030-01-31T12:00:00Z", "Thu, 31 Jan 2030 12:00:00 GMT"),
      ("2030-01-31T12:00:00", "Thu, 31 Jan 2030 12:00:00 GMT"),
      ("2030-01-31T13:00:00+01:00", "Thu, 31 Jan 2030 12:00:00 GMT"),
      ("2030-01-31", "Thu, 31 Jan 2030 00:00:00 GMT"),
      ("Thu, 31 Jan 2030 12:00:00 GMT", "Thu, 31 Jan 2030 12:00:00 GMT"),
    ])
  func readsTimes(text: String, date: String) { #expect(Configuration.Objects.httpDate(text) == date) }
}
