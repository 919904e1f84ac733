import Glibc
import Testing

@testable import AWSKit

@Suite struct ProcessCredentialTests {
  private func provider(
    _ harness: CredentialHarness, _ command: String, timeout: Duration = .seconds(60)
  ) throws -> ProcessCredentialProvider {
    ProcessCredentialProvider(
      settings: try harness.settings("[default]\ncredential_process = \(command)\n"), timeout: timeout)
  }

  @Test func whatACommandPrints() async throws {
    try await CredentialHarness.run { harness in
      let script = try harness.folder.write(
        "a script.sh",
        #"""
        printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s", "SessionToken": "t",' "$1" "$2"
        printf '"Expiration": "2030-01-01T00:00:00Z", "AccountId": "1"}'
        echo a complaint >&2
        cat
        """#)
      let provider = try provider(harness, "sh \"\(script)\" 'the key' a\\ secret$HOME")
      guard case .found(let credentials, let source) = try await provider.lookUp() else {
        Issue.record("nothing found")
        return
      }
      #expect(
        credentials
          == AWSCredentials(
            accessKeyID: "the key", secretAccessKey: "a secret$HOME", sessionToken: "t",
            expiration: AWSTimestamp(iso8601: "2030-01-01T00:00:00Z")))
      #expect(source == "credential_process of profile \"default\"")
    }
  }

  static let documents: [(output: String, says: String?)] = [
    (#"{"Version":1,"AccessKeyId":"a","SecretAccessKey":"HIDDEN"}"#, nil),
    (#"{"Version":2,"AccessKeyId":"a","SecretAccessKey":"HIDDEN"}"#, "the Version in its output is 2, only 1 is known"),
    (#"{"AccessKeyId":"a","SecretAccessKey":"HIDDEN"}"#, "is missing"),
    (#"{"Version":1,"SecretAccessKey":"HIDDEN"}"#, "lacks AccessKeyId"),
    (#"{"Version":1,"AccessKeyId":"","SecretAccessKey":"HIDDEN"}"#, "lacks AccessKeyId"),
    (#"{"Version":1,"AccessKeyId":"a","SecretAccessKey":"HIDDEN","Expiration":"soon"}"#, "Expiration"),
    ("HIDDEN", "is not JSON"), ("", "is not JSON"),
  ]

  @Test(arguments: documents.indices) func output(index: Int) throws {
    let (output, says) = Self.documents[index]
    guard let says else {
      let credentials = try ProcessCredentialProvider.credentials(parsing: Array(output.utf8))
      #expect(credentials == AWSCredentials(accessKeyID: "a", secretAccessKey: "HIDDEN"))
      return
    }
    let error = try #require(throws: CredentialError.self) {
      try ProcessCredentialProvider.credentials(parsing: Array(output.utf8))
    }
    #expect(error.description.contains(says) && !error.description.contains("HIDDEN"), "\(error)")
  }

  static let commands: [(command: String, says: [String])] = [
    ("sh -c 'echo HIDDEN; echo not logged in >&2; exit 3'", ["sh ended with status 3: not logged in"]),
    ("sh -c 'kill -9 $$'", ["sh ended with signal 9"]),
    ("/nonexistent/program", ["/nonexistent/program cannot be started: No such file"]),
    ("no-such-program-anywhere x", ["no-such-program-anywhere cannot be started"]),
    ("sh -c 'unclosed", ["a quote is not closed"]), ("''", ["cannot be started"]),
    // It prints without end.
    ("sh -c 'while :; do echo HIDDEN; done'", ["prints more than credentials"]),
  ]

  @Test(arguments: commands.indices) func failures(index: Int) async throws {
    try await CredentialHarness.run { harness in
      let text = await failure(of: try provider(harness, Self.commands[index].command))
      #expect(text.contains("credential_process of profile \"default\" does not deliver"), "\(text)")
      for says in Self.commands[index].says { #expect(text.contains(says), "\(text)") }
      #expect(!text.contains("HIDDEN"))
    }
  }

  /// Killed with what it has started, whether its streams are open or closed.
  @Test(arguments: ["", "exec >&- 2>&-; "]) func oneThatDoesNotEnd(start: String) async throws {
    try await CredentialHarness.run { harness in
      let file = harness.folder.path + "/pid"
      let provider = try provider(
        harness, "sh -c '\(start)sleep 60 & echo $! > \(file); sleep 60'", timeout: .milliseconds(500))
      #expect(await failure(of: provider).contains("did not end within 0.5 seconds"))
      let text = try #require(try TextFile.read(file))
      let child = try #require(pid_t(text.dropLast()))
      // It is gone when init has taken it.
      while kill(child, 0) == 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
  }

  @Test func nothingConfigured() async throws {
    try await CredentialHarness.run { harness in
      let settings = try harness.settings("[default]\nregion = x")
      #expect(try await ProcessCredentialProvider(settings: settings).reason() == "it is not set")
    }
  }

  /// As Python's `shlex.split`.
  @Test(
    arguments: [
      ("", []), ("  a\tb\n", ["a", "b"]), (#"a'b c'"d e"f"#, ["ab cd ef"]),
      (#""a\"b\\c\d$HOME" '\'"#, [#"a"b\c\d$HOME"#, #"\"#]),
      (#"a\ b \"c '' """#, ["a b", #""c"#, "", ""]), ("ä ö", ["ä", "ö"]),
    ] as [(String, [String])])
  func words(line: String, words: [String]) throws {
    #expect(try ShellWords.split(line) == words)
  }

  @Test(arguments: ["'a", "\"a", "a\\", "\"a\\"]) func unfinishedLines(line: String) {
    #expect(throws: CredentialError.self) { try ShellWords.split(line) }
  }
}
