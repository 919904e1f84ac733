import ArgumentParser

/// What goes along with objects: names, values and effects of `aws s3 sync`. All are text here, as in ``SyncOptions``.
struct ObjectOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A canned ACL, such as bucket-owner-full-control.", valueName: "acl"))
  var acl: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("PERMISSION=GRANTEES; permissions are read, readacl, writeacl and full.", valueName: "grant"))
  var grants: [String] = []

  // Without a value where the command line is translated: `defaultAsFlag` loses the one in `--sse=aws:kms` when another
  // option follows.
  @Option(
    help: ArgumentHelp("Encryption by the server: AES256 or aws:kms.", valueName: "algorithm"))
  var sse: String?

  @Option(name: .customLong("sse-kms-key-id"), help: ArgumentHelp("The key of KMS for aws:kms.", valueName: "id"))
  var sseKMSKeyID: String?

  @Option(
    name: .customLong("sse-c"), help: ArgumentHelp("Encryption with your own key: AES256.", valueName: "algorithm"))
  var sseC: String?

  @Option(
    name: .customLong("sse-c-key"),
    help: ArgumentHelp("Your own key: 32 bytes as text, or fileb://FILE.", valueName: "key"))
  var sseCKey: String?

  @Option(
    name: .customLong("sse-c-copy-source"),
    help: ArgumentHelp("Encryption of what is copied within the bucket: AES256.", valueName: "algorithm"))
  var sseCCopySource: String?

  @Option(
    name: .customLong("sse-c-copy-source-key"),
    help: ArgumentHelp("Its key, where it is another one than --sse-c-key.", valueName: "key"))
  var sseCCopySourceKey: String?

  @Option(help: ArgumentHelp("The storage class of new objects, such as STANDARD_IA.", valueName: "class"))
  var storageClass: String?

  @Option(help: ArgumentHelp("x-amz-website-redirect-location of files.", valueName: "url"))
  var websiteRedirect: String?

  @Option(help: ArgumentHelp("Content-Type of files (default: guessed by the name).", valueName: "type"))
  var contentType: String?

  @Flag(help: "Leave out the Content-Type that is guessed by the name.")
  var noGuessMimeType = false

  @Option(help: ArgumentHelp("Cache-Control of files.", valueName: "text"))
  var cacheControl: String?

  @Option(help: ArgumentHelp("Content-Disposition of files.", valueName: "text"))
  var contentDisposition: String?

  @Option(help: ArgumentHelp("Content-Encoding of files.", valueName: "text"))
  var contentEncoding: String?

  @Option(help: ArgumentHelp("Content-Language of files.", valueName: "text"))
  var contentLanguage: String?

  @Option(help: ArgumentHelp("Expires of files: seconds since 1970, ISO 8601 or a date of HTTP.", valueName: "time"))
  var expires: String?

  @Option(help: ArgumentHelp("User metadata of files: NAME=VALUE,… or a JSON object.", valueName: "map"))
  var metadata: String?

  @Option(
    help: ArgumentHelp("Of copies within the bucket: COPY keeps their metadata, REPLACE does not.", valueName: "how"))
  var metadataDirective: String?

  @Option(
    help: ArgumentHelp(
      "What copies within the bucket keep: default (everything), all, metadata-directive (no tags), none.",
      valueName: "what"))
  var copyProps: String?

  @Option(help: ArgumentHelp("CRC64NVME (default), CRC32, CRC32C, SHA1, SHA256 or SHA512.", valueName: "algorithm"))
  var checksumAlgorithm: String?

  @Option(help: ArgumentHelp("ENABLED: downloads ask for the object's checksum (default).", valueName: "mode"))
  var checksumMode: String?

  @Option(defaultAsFlag: "requester", help: ArgumentHelp("requester: you pay for the requests.", valueName: "who"))
  var requestPayer: String?

  @Option(help: ArgumentHelp("Keys of one page of a listing (default: the server's, 1000).", valueName: "count"))
  var pageSize: String?

  @Flag(help: "Read objects in archive classes, too: they may have been restored.")
  var forceGlacierTransfer = false

  @Flag(help: "Archived objects that are left alone count as in sync.")
  var ignoreGlacierWarnings = false
}
