import Foundation
import Martlet
import Testing

extension ProcessTests {
  /// Programs that keep their files open: logs, databases.
  @Suite struct OpenWriters {
    /// Runs a Python program until it is told to end by the end of its input.
    private func python(_ program: String, _ arguments: [String], in workspace: Workspace) throws -> Child {
      try workspace.start(
        [try Programs.system("python3"), "-c", program] + arguments, name: "writer-\(workspace.nextNumber())",
        environment: ["PATH": "/usr/bin:/bin"])
    }

    /// A line every so many seconds, never closed.
    private static let logger = """
      import sys, time
      log = open(sys.argv[1], "ab", buffering=0)
      number = 0
      while True:
          number += 1
          log.write(b"line %d of a log\\n" % number + b"." * int(sys.argv[2]) + b"\\n")
          time.sleep(float(sys.argv[3]))
      """

    @Test(.limit(minutes: 3), arguments: [0, 100_000])
    func logThatIsNeverClosed(_ padding: Int) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let options = ["--upload-open-after", "300ms"]
          let (a, b) = (
            try Node("a", in: workspace, server: server, options: options), try Node("b", in: workspace, server: server)
          )
          // Above the size from which on files are copied and sent in parts, where lines are long.
          try write(a.path("log"), noise(padding * 100, seed: 1))
          try await a.started()
          try await b.started()
          // Where a sanitizer slows the programs down it would grow faster than it can be sent.
          let pace = 0.1 * Double(patience)
          let log = try python(Self.logger, [a.path("log"), "\(padding)", "\(pace)"], in: workspace)
          var sizes: Set<Int> = []
          try await eventually("two versions of the log arrive", within: .seconds(120)) {
            let there = read(b.path("log")) ?? []
            guard let here = read(a.path("log")) else { return "no log" }
            if !here.starts(with: there) { throw Child.Failure(description: "what arrived was never there") }
            if there.count > padding * 100 { sizes.insert(there.count) }
            return sizes.count >= 2 ? nil : "\(sizes) arrived"
          }
          #expect(b.snapshot().entries.count == 1)
          log.destroy()
          try await a.settled()
          try await b.settled()
          try await equal(a, b)
        }
      }
    }

    /// A log that rests is uploaded when it has rested, not earlier; what is in sync is idle.
    @Test(.limit(minutes: 2)) func logThatRests() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try Node("a", in: workspace, server: server, options: ["--upload-open-after", "4"])
          try await a.started()
          let file = FileHandle(
            fileDescriptor: open(a.path("log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o644), closeOnDealloc: true)
          try file.write(contentsOf: Data("first line\n".utf8))
          let began = ContinuousClock.now
          try await a.status("the log is busy") { $0.busy.map(\.path) == ["log"] && $0.busy[0].seconds < 60 }
          try await eventually("the log is uploaded") { (try? await server.bucket.get("tree/log")) != nil }
          let time = ContinuousClock.now - began
          #expect(time > .seconds(3.5))
          try await a.settled()
          try await a.status("nothing is busy") { $0.busy.isEmpty && $0.quarantined.isEmpty }
          // At the end of the run nothing is waited for that long.
          try file.write(contentsOf: Data("last line\n".utf8))
          #expect(try await a.stopped() == .exited(0))
          #expect(try await server.bucket.get("tree/log") == Array("first line\nlast line\n".utf8))
        }
      }
    }

    /// Two halves that always carry the same number when the program rests, and are written one after the other
    /// without rest.
    private static let database = """
      import os, sys
      size = int(sys.argv[2])
      file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
      number = 0
      while not os.path.exists(sys.argv[3]):
          number += 1
          page = (b"%08d" % number) * (size // 16)
          os.pwrite(file, page, 0)
          os.pwrite(file, page, len(page))
      os.close(file)
      """

    @Test(.limit(minutes: 3), arguments: [1 << 20, 12 << 20])
    func databaseThatIsWrittenAllTheTime(_ size: Int) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try Node("a", in: workspace, server: server, options: ["--upload-open-after", "200ms"])
          try await a.started()
          let end = workspace.path + "/end"
          let writer = try python(Self.database, [a.path("db"), "\(size)", end], in: workspace)
          try await a.status("the database is busy, and said to be", within: .seconds(60)) { status in
            status.busy.contains { $0.path == "db" && $0.seconds > 2 }
              && status.quarantined.contains { $0.path == "db" }
          }
          // Where a moment was met between two writes both halves are whole.
          if let stored = try? await server.bucket.get("tree/db") { expectWhole(stored) }
          try write(end, "")
          try await writer.ended()
          try await a.settled()
          try await a.status("nothing is busy any more") { $0.busy.isEmpty && $0.quarantined.isEmpty }
          #expect(try await server.bucket.get("tree/db") == read(a.path("db")))
        }
      }
    }

    private func expectWhole(_ bytes: [UInt8]) {
      for half in [bytes[..<(bytes.count / 2)], bytes[(bytes.count / 2)...]] {
        let number = Array(half.prefix(8))
        #expect(
          stride(from: half.startIndex, to: half.endIndex, by: 8).allSatisfy {
            half[$0..<($0 + 8)].elementsEqual(number)
          })
      }
    }

    /// The writer is waited for; then both versions are kept, the open file's under its name, and nothing is
    /// downloaded again and again meanwhile.
    @Test(.limit(minutes: 2), arguments: [20, 9 << 20])
    func fileThatIsHeldOpenIsNotReplaced(_ size: Int) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let options = ["--upload-open-after", "3"]
          let (a, b) = (
            try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server, options: options)
          )
          try write(a.path("file"), "first\n")
          try await a.started()
          try await b.started()
          try await equal(a, b)
          let file = FileHandle(
            fileDescriptor: open(b.path("file"), O_WRONLY | O_APPEND | O_CLOEXEC), closeOnDealloc: true)
          let began = ContinuousClock.now
          let remote = noise(size, seed: 2)
          try write(a.path("file"), remote)
          try await b.status("the file is busy") { $0.busy.map(\.path) == ["file"] }
          #expect(text(b.path("file")) == "first\n")
          try await eventually("both are kept") {
            b.snapshot().contents.contains(content(remote)) ? nil : "\(b.snapshot().entries)"
          }
          let time = ContinuousClock.now - began
          #expect(time > .seconds(2.5))
          #expect(text(b.path("file")) == "first\n")
          // Unchanged and held open, the local version wins its name on all nodes.
          try await eventually("the open file's version is everywhere") {
            // Not as text: what stands there before is noise, and slow to decode.
            read(a.path("file")) == Array("first\n".utf8)
          }
          try file.write(contentsOf: Data("second\n".utf8))
          try file.close()
          try await eventually("the last version is everywhere") { text(a.path("file")) == "first\nsecond\n" }
          try await a.settled()
          try await b.settled()
          try await equal(a, b)
          #expect(a.snapshot().contents.contains(content(remote)))
          #expect(a.snapshot().entries.count == 2)
        }
      }
    }

    /// A writer that closes in time gets no conflict.
    @Test(.limit(minutes: 2)) func writerThatClosesInTime() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let (a, b) = (try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server))
          try write(a.path("file"), "first\n")
          try await a.started()
          try await b.started()
          try await equal(a, b)
          let file = open(b.path("file"), O_WRONLY | O_CLOEXEC)
          try write(a.path("file"), "second\n")
          try await b.status("the file is busy") { $0.busy.map(\.path) == ["file"] }
          close(file)
          try await eventually("the second version arrives", within: .seconds(15)) {
            text(b.path("file")) == "second\n"
          }
          #expect(b.snapshot().entries.count == 1)
        }
      }
    }

    /// What a server does: transactions in short order, the database open all the time, in both journal modes.
    private static let transactions = """
      import os, random, sqlite3, sys, time
      path, mode, end, seed = sys.argv[1:5]
      random.seed(int(seed))
      database = sqlite3.connect(path, isolation_level=None)
      database.execute("PRAGMA journal_mode=" + mode)
      database.execute("CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, round INTEGER, v BLOB)")
      database.execute("CREATE TABLE IF NOT EXISTS n (round INTEGER)")
      start = database.execute("SELECT coalesce(max(round), 0) FROM n").fetchone()[0]
      stop = time.time() + float(end)
      while time.time() < stop:
          start += 1
          database.execute("BEGIN IMMEDIATE")
          database.execute("INSERT INTO n VALUES (?)", (start,))
          for key in random.sample(range(200), 20):
              database.execute("INSERT OR REPLACE INTO t VALUES (?, ?, ?)", (key, start, random.randbytes(2000)))
          database.execute("COMMIT")
          time.sleep(random.random() * 0.02)
      database.close()
      print("rounds", start)
      """

    private static let check = """
      import sqlite3, sys
      database = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
      print(database.execute("PRAGMA integrity_check").fetchone()[0],
        database.execute("SELECT max(round), count(*) FROM n").fetchone())
      """

    private static let rounds = ProcessTests.scale("MARTLET_SQLITE_ROUNDS", default: 4)

    @Test(.limit(minutes: 4), arguments: ["delete", "wal"])
    func databaseOfSQLite(_ mode: String) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let options = ["--upload-open-after", "1"]
          let nodes = try ["a", "b"].map { try Node($0, in: workspace, server: server, options: options) }
          for node in nodes { try await node.started() }
          for round in 0..<Self.rounds {
            // Written on one node and on the other in turn.
            let (writing, reading) = (nodes[round % 2], nodes[1 - round % 2])
            let writer = try python(
              Self.transactions, [writing.path("data.db"), mode, "2", "\(round)"], in: workspace)
            #expect(try await writer.ended() == .exited(0))
            try await equal(writing, reading)
            let (end, output) = try await ProcessTests.finished(
              [try Programs.system("python3"), "-c", Self.check, reading.path("data.db")], in: workspace)
            #expect(end == .exited(0))
            let written = writer.log.split(separator: " ").last.map {
              $0.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            #expect(output.hasPrefix("ok (\(written ?? "?"), \(written ?? "?"))"), "\(output) after \(writer.log)")
            for node in nodes { try await node.settled() }
          }
          #expect(nodes[0].snapshot().entries.keys.allSatisfy { !$0.text.contains("(conflict ") })
        }
      }
    }
  }
}
