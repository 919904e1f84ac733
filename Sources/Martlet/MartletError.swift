/// Why a synchronisation could not start, or ended, or could not do what it was asked for.
///
/// Match the ``code``; the ``message`` is for people:
///
/// ```swift
/// do {
///   try await syncer.start()
/// } catch let error as MartletError where error.code == .alreadyRunning {
///   print("another process syncs this folder: \(error)")
/// }
/// ```
public struct MartletError: Error, Sendable, CustomStringConvertible {
  /// What is the matter, to be compared; later versions may know more of them.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value: String, Sendable {
      case configuration, root, remote, state, alreadyRunning, undecided, distribution, lease
      case notRunning, notSynced, notSent
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
    /// The syncer has not begun, or has ended, or ended before what was asked for was done.
    public static let notRunning = Code(.notRunning)
    /// The path is none that goes to the bucket: it lies outside the folder, or is excluded, or cannot be synced.
    public static let notSynced = Code(.notSynced)
    /// The path should be in the bucket and is not: sending it failed, or its deletion is halted.
    public static let notSent = Code(.notSent)

    /// The name of the constant.
    public var description: String { value.rawValue }
  }

  /// What to match.
  public var code: Code
  /// Names the option or path and says what to do; never holds a secret.
  public var message: String
  /// What a lower layer reported; its type is no promise.
  public var cause: (any Error)?

  /// The ``message``.
  public var description: String { message }

  init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }
}
