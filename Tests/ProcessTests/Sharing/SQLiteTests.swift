import Foundation
import Testing

extension SystemTests {
  /// A database that one process opens, writes and closes, again and again: whatever version of it is in the bucket is
  /// one that was committed. `MARTLET_SQLITE_VERSIONS` makes for more rounds than the standard ones.
  @Suite struct SQLiteDatabases {
    private static let rounds = ProcessTests.scale("MARTLET_SQLITE_VERSIONS", default: 40)

    /// Moves money between accounts all over the file, so that a mixture of two versions has another sum. Its arguments:
    /// path, journal mode, rounds, bytes of padding per account, and a file that says that enough was seen: on a busy
    /// machine it goes on until then, more slowly. Prints the last round.
    private static let writer = """
      import os, random, sqlite3, sys, time
      path, mode, rounds, padding = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
      random.seed(7)
      round = -1
      while round + 1 < rounds or not os.path.exists(sys.argv[5]):
          round += 1
          database = sqlite3.connect(path)
          database.execute("PRAGMA journal_mode = " + mode)
          with database:
              if round == 0:
                  database.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, padding BLOB)")
                  database.execute("CREATE TABLE round (number INTEGER)")
                  database.executemany("INSERT INTO account VALUES (?, 100, randomblob(?))",
                      [(id, padding) for id in range(400)])
                  database.execute("INSERT INTO round VALUES (0)")
              for _ in range(60):
                  amount, giver, taker = random.randrange(100), random.randrange(400), random.randrange(400)
                  for account, change in ((giver, -amount), (taker, amount)):
                      database.execute("UPDATE account SET balance = balance + ?, padding = randomblob(?) WHERE id = ?",
                          (change, padding, account))
              database.execute("UPDATE round SET number = ?", (round,))
          database.close()
          time.sleep(random.choice([0, 0.01, 0.1, 0.3]) if round < rounds else 3)
      print(round)
      """

    /// Downloads every version that it gets to see, until the file named by the third argument is there and the last
    /// version was looked at; prints how many there were and the last round. Makes the file named by the fifth argument
    /// when it has seen three. Ends with 1 at a version that is not whole.
    private static let checker = """
      import boto3, os, sqlite3, sys, tempfile, time
      client = boto3.client("s3", endpoint_url=sys.argv[1])
      seen, last = set(), None
      while True:
          is_over = os.path.exists(sys.argv[3])
          try:
              object = client.get_object(Bucket=sys.argv[4], Key=sys.argv[2])
              body, etag = object["Body"].read(), object["ETag"]
          except client.exceptions.NoSuchKey:
              time.sleep(0.02)
              continue
          if etag not in seen:
              seen.add(etag)
              with tempfile.TemporaryDirectory() as folder:
                  path = folder + "/copy.db"
                  open(path, "wb").write(body)
                  database = sqlite3.connect(path)
                  checks = database.execute("PRAGMA integrity_check").fetchall()
                  sums = database.execute("SELECT count(*), sum(balance) FROM account").fetchall()
                  last = database.execute("SELECT number FROM round").fetchall()[0][0]
                  database.close()
              if checks != [("ok",)] or sums != [(400, 40000)]:
                  print("torn:", len(seen), checks[:3], sums, last)
                  sys.exit(1)
          if len(seen) == 3: open(sys.argv[5], "w").close()
          if is_over: break
          time.sleep(0.02)
      print(len(seen), last)
      """

    /// In one request, and in parts.
    @Test(.limit(minutes: 15), arguments: [("delete", 500), ("wal", 500), ("truncate", 25_000)])
    func isNeverTorn(_ mode: String, _ padding: Int) async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try Node("a", in: workspace, server: server)
          try await a.started()
          let (over, enough) = ("\(workspace.path)/over", "\(workspace.path)/enough")
          let checker = try workspace.start(
            [
              try Programs.python("python3"), "-c", Self.checker, server.url, "tree/data.db", over,
              TestServer.bucketName, enough,
            ], name: "checker", environment: ["PATH": "/usr/bin:/bin"].merging(TestServer.awsVariables) { $1 })
          let writer = try workspace.start(
            [
              try Programs.system("python3"), "-c", Self.writer, a.path("data.db"), mode, "\(Self.rounds)",
              "\(padding)", enough,
            ], name: "writer", environment: ["PATH": "/usr/bin:/bin"])
          #expect(try await writer.ended(within: .seconds(300)) == .exited(0), "\(writer.log)")
          try await eventually("the last version is in the bucket") {
            try await server.bucket.get("tree/data.db") == read(a.path("data.db"))
          }
          try await a.settled()
          try write(over, "")
          let end = try await checker.ended()
          #expect(end == .exited(0), "\(checker.log)")
          let counts = checker.log.split(separator: " ").compactMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
          }
          let last = Int(writer.log.trimmingCharacters(in: .whitespacesAndNewlines))
          #expect(counts.count == 2 && counts[0] >= 3 && counts[1] == last, "\(checker.log) after \(writer.log)")
          // Closed, it has no other file, but for an empty journal where that is truncated.
          let left = try await server.bucket.objects("tree/").filter { $0.value.size > 0 }.keys.map(\.text)
          #expect(left == ["tree/data.db"])
        }
      }
    }
  }
}
