import AWSKit

extension Configuration {
  /// What goes along with objects, as with `aws s3 sync`. Content headers, storage class, redirect and metadata are
  /// those of files; links and folder markers carry access and encryption only.
  public struct Objects: Sendable {
    /// Who may see and change them; not together with ``grants``.
    public var acl: ACL?
    /// In their order; of the same permission the last counts.
    public var grants: [Grant] = []
    /// Encryption by the server.
    public var sse: Encryption?
    /// The key of KMS for ``Encryption/kms``.
    public var sseKMSKeyID: String?
    /// `--sse-c` and `--sse-c-key`: everything below the prefix is written and read with it.
    public var sseCKey: CustomerKey?
    /// `--sse-c-copy-source` and its key: that of the sources of copies within the bucket, where it is another one.
    public var sseCCopySourceKey: CustomerKey?
    /// Nil: that of the bucket.
    public var storageClass: StorageClass?
    /// `x-amz-website-redirect-location`.
    public var websiteRedirect: String?
    /// Nil: guessed by the name, unless ``guessesContentType`` is off.
    public var contentType: String?
    /// False is `--no-guess-mime-type`.
    public var guessesContentType = true
    /// The header of this name.
    public var cacheControl: String?
    /// The header of this name.
    public var contentDisposition: String?
    /// The header of this name.
    public var contentEncoding: String?
    /// The header of this name.
    public var contentLanguage: String?
    /// Seconds since 1970, ISO 8601 (without a zone: UTC), or the form of HTTP.
    public var expires: String?
    /// User metadata; the names without `x-amz-meta-`.
    public var metadata: [String: String] = [:]
    /// Of our own copies within the bucket; comes before ``copyProps``.
    public var metadataDirective: MetadataDirective?
    /// What copies within the bucket keep.
    public var copyProps: CopyProperties = .default
    /// Nil: CRC64NVME, unless the AWS settings turn checksums off.
    public var checksumAlgorithm: ChecksumAlgorithm?
    /// `--checksum-mode`: whether downloads ask for checksums also where the AWS settings turn them off.
    public var asksForChecksums = false
    /// Whether requests say that their sender pays for them.
    public var requestPayer = false
    /// Keys of one page of a listing; nil or 0: the server's limit.
    public var pageSize: Int?
    /// `--force-glacier-transfer`: whether objects in an archive class are read all the same: they may have been restored.
    public var forcesGlacierTransfer = false
    /// `--ignore-glacier-warnings`: whether archived objects that are left alone count as in sync.
    public var ignoresGlacierWarnings = false

    /// What S3 does by itself.
    public init() {}
  }
}

extension Configuration.Objects {
  /// The canned ones of S3.
  public enum ACL: String, Sendable, CaseIterable {
    case isPrivate = "private"
    case publicRead = "public-read"
    case publicReadWrite = "public-read-write"
    case authenticatedRead = "authenticated-read"
    case awsExecRead = "aws-exec-read"
    case bucketOwnerRead = "bucket-owner-read"
    case bucketOwnerFullControl = "bucket-owner-full-control"
    case logDeliveryWrite = "log-delivery-write"
  }

  /// One permission of an access control list.
  public struct Grant: Hashable, Sendable {
    /// As the AWS CLI names them.
    public enum Permission: String, Sendable, CaseIterable {
      case read
      case readACL = "readacl"
      case writeACL = "writeacl"
      case full

      var header: String {
        switch self {
        case .read: "x-amz-grant-read"
        case .readACL: "x-amz-grant-read-acp"
        case .writeACL: "x-amz-grant-write-acp"
        case .full: "x-amz-grant-full-control"
        }
      }
    }

    /// What may be done.
    public var permission: Permission
    /// `id=…`, `uri=…`, `emailaddress=…`, several joined by commas.
    public var grantees: String

    /// - Parameters:
    ///   - permission: What may be done.
    ///   - grantees: By whom; see ``grantees``.
    public init(_ permission: Permission, to grantees: String) {
      self.permission = permission
      self.grantees = grantees
    }

    /// Takes `PERMISSION=GRANTEES`.
    public init?(parsing text: String) {
      guard let equals = text.firstIndex(of: "="), let permission = Permission(rawValue: String(text[..<equals])),
        text[equals...].count > 1
      else { return nil }
      self.init(permission, to: String(text[equals...].dropFirst()))
    }
  }

  /// `x-amz-server-side-encryption`.
  public enum Encryption: String, Sendable, CaseIterable {
    case aes256 = "AES256"
    case kms = "aws:kms"
  }

  /// `x-amz-storage-class`.
  public enum StorageClass: String, Sendable, CaseIterable {
    case standard = "STANDARD"
    case reducedRedundancy = "REDUCED_REDUNDANCY"
    case standardIA = "STANDARD_IA"
    case oneZoneIA = "ONEZONE_IA"
    case intelligentTiering = "INTELLIGENT_TIERING"
    case glacier = "GLACIER"
    case deepArchive = "DEEP_ARCHIVE"
    case glacierIR = "GLACIER_IR"
  }

  /// Whether copies take the source's metadata along or get that of a new file.
  public enum MetadataDirective: String, Sendable, CaseIterable {
    case copy = "COPY"
    case replace = "REPLACE"
  }

  /// What a rename or a conflict copy takes along.
  public enum CopyProperties: String, Sendable, CaseIterable {
    case none
    /// Metadata and content headers, no tags.
    case metadataDirective = "metadata-directive"
    case `default`
    case all
  }

  /// Those of the AWS CLI that are computed here.
  public enum ChecksumAlgorithm: String, Sendable, CaseIterable {
    case crc64nvme = "CRC64NVME"
    case crc32 = "CRC32"
    case crc32c = "CRC32C"
    case sha1 = "SHA1"
    case sha256 = "SHA256"
    case sha512 = "SHA512"
  }

  /// A key of the customer's own (SSE-C, AES-256). A secret: descriptions do not show it.
  public struct CustomerKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
  {
    let bytes: [UInt8]

    /// - Parameter bytes: 32 of them; another number is one of the configuration's problems.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Does not show the key.
    public var description: String { "CustomerKey(hidden)" }
    /// Does not show the key.
    public var debugDescription: String { description }
    /// Does not show the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
  }
}

extension Configuration.Objects {
  /// What S3 would refuse of every file.
  var problems: [String] {
    var problems: [String] = []
    if acl != nil, !grants.isEmpty { problems.append("--acl and --grants exclude each other: give one of them") }
    if sse != nil, sseCKey != nil {
      problems.append("--sse and --sse-c exclude each other: give one of them")
    }
    for (option, key) in [("--sse-c-key", sseCKey), ("--sse-c-copy-source-key", sseCCopySourceKey)] {
      if let key, S3CustomerKey(key.bytes) == nil {
        problems.append("\(option): the key has \(key.bytes.count) bytes; give \(S3CustomerKey.length), not encoded")
      }
    }
    if let expires, !expires.isEmpty, Self.httpDate(expires) == nil {
      problems.append(
        "--expires \(expires): give seconds since 1970, 2030-01-31T12:00:00Z or Thu, 31 Jan 2030 12:00:00 GMT")
    }
    if let pageSize, pageSize < 0 { problems.append("--page-size \(pageSize): give 1 to 1000, or 0 for the server's") }
    problems += textProblems + metadataProblems
    return problems
  }

  private var textProblems: [String] {
    let texts = [
      ("--sse-kms-key-id", sseKMSKeyID), ("--website-redirect", websiteRedirect), ("--content-type", contentType),
      ("--cache-control", cacheControl), ("--content-disposition", contentDisposition),
      ("--content-encoding", contentEncoding), ("--content-language", contentLanguage),
    ]
    return (texts + grants.map { ("--grants", $0.grantees) }).compactMap { option, text in
      text.flatMap { Self.isHeaderValue($0) ? nil : "\(option): the value holds a line break or control character" }
    }
  }

  private static func isHeaderValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

  /// Bytes that S3 takes of user metadata, less those of our own.
  private static let metadataLimit = 2_048 - 64

  private var metadataProblems: [String] {
    var problems: [String] = []
    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
      if name.isEmpty || !name.utf8.allSatisfy(Self.isTokenCharacter) {
        problems.append("--metadata: “\(name)” is no name: it takes letters, digits and -_.~!#$%&'*+^`|")
      } else if !value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
        problems.append("--metadata: the value of “\(name)” holds other than ASCII characters, which S3 does not take")
      }
    }
    let size = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    if size > Self.metadataLimit {
      problems.append("--metadata: \(size) bytes are more than the \(Self.metadataLimit) that an object can hold")
    }
    return problems
  }

  /// RFC 9110, "token".
  private static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-_.~!#$%&'*+^`|".utf8.contains(byte)
    }
  }

  /// From the forms that the AWS CLI takes.
  static func httpDate(_ text: String) -> String? {
    // Beyond the year 9999 there is no date of HTTP.
    let seconds = Int64(text).flatMap { (-62_135_596_800...253_402_300_799).contains($0) ? $0 : nil }
    let time =
      seconds.map { AWSTimestamp(seconds: $0) } ?? AWSTimestamp(iso8601: text) ?? AWSTimestamp(iso8601: text + "Z")
      ?? AWSTimestamp(iso8601: text + "T00:00:00Z") ?? AWSTimestamp(httpDate: text)
    return time?.httpDate
  }
}
