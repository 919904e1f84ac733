/// Why a synchronisation could not start, or ended.
public struct MartletError: Error, Sendable, CustomStringConvertible {
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value: String, Sendable {
      case configuration, root, remote, state, alreadyRunning, undecided, distribution, lease
    }
    private let value: Value
    private init(_ value: Value) { self.value = value }

    /// Options contradict each other or name something that cannot be used.
    public static let configuration = Code(.configuration)
    /// The local folder is missing or cannot be used.
    public static let root = Code(.root)
    /// Credentials, bucket or endpoint.
    public static let remote = Code(.remote)
    /// The state directory or its database.
    public static let state = Code(.state)
    /// Another process syncs this pair.
    public static let alreadyRunning = Code(.alreadyRunning)
    /// First contact found more differences than may be decided without `--first-sync`.
    public static let undecided = Code(.undecided)
    /// The CloudFront distribution is missing or must not be used.
    public static let distribution = Code(.distribution)
    /// The lease was waited for too long.
    public static let lease = Code(.lease)

    public var description: String { value.rawValue }
  }

  public var code: Code
  /// Names the option or path and says what to do; never holds a secret.
  public var message: String
  public var cause: (any Error)?

  public var description: String { message }

  init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }
}
