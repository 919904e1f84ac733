import Glibc
import NIOConcurrencyHelpers
import ServiceLifecycle
import Testing

@testable import Martlet

/// Beginning and end of a run in a program.
@Suite struct SyncerTests {
  @Test func bothSidesAreTheSameWhenItHasStarted() async throws {
    try await withPlace { place in
      place.write("here", "up")
      try await place.put("there", "down")
      let syncer = place.syncer()
      let events = syncer.events
      #expect(await syncer.status() == nil)
      try await syncer.start()
      #expect(try await place.size("here") == 2)
      #expect(place.text("there") == "down")
      let status = try #require(await syncer.status())
      #expect(status.isReady && status.isHealthy)

      place.write("later", "more")
      try await syncer.flush("later")
      #expect(try await place.size("later") == 4)
      try await place.put("unheard", "x")
      try await syncer.reconcile()
      #expect(place.text("unheard") == "x")
      place.write("last", "at the end")
      let outcome = try await syncer.stop()
      #expect(outcome.isInSync && outcome.committed["uploaded"] == 3)
      #expect(try await place.size("last") == 10)
      #expect(try await syncer.stop() == outcome)
      #expect(syncer.outcome == outcome)

      var seen: [SyncEvent] = []
      for await event in events { seen.append(event) }
      for event in [
        SyncEvent.uploaded(path: "here"), .downloaded(path: "there"), .uploaded(path: "later"),
        .downloaded(path: "unheard"), .stopping, .uploaded(path: "last"),
      ] {
        #expect(seen.count { $0 == event } == 1, "\(event) in \(seen)")
      }
      #expect(seen.count { $0 == .fullPassCompleted } == 2)
      // None after the end.
      for await event in syncer.events { Issue.record("\(event)") }
    }
  }

  @Test func whatStandsInTheWayIsThrown() async throws {
    try await withPlace { place in
      let cases: [(MartletError.Code, Syncer)] = [
        (.configuration, place.syncer { $0.location = "s3://" }),
        (.root, place.syncer { $0.root += "/missing" }),
        (.remote, place.syncer { $0.location = "s3://missing-bucket" }),
        (.remote, place.syncer(variables: ["AWS_SECRET_ACCESS_KEY": "wrong"])),
      ]
      for (expected, syncer) in cases {
        #expect(await code { try await syncer.start() } == expected)
        // It has ended, by that.
        #expect(await code { try await syncer.stop() } == expected)
        #expect(await code { try await syncer.start() } == .notRunning)
        #expect(await code { try await syncer.flush() } == .notRunning)
        for await event in syncer.events { Issue.record("\(event)") }
      }
      let first = place.syncer()
      try await first.start()
      let second = place.syncer()
      #expect(await code { try await second.start() } == .alreadyRunning)
      try await first.stop()
      let third = place.syncer()
      try await third.start()
      try await third.stop()
    }
  }

  @Test func aSyncerThatWasNeverStartedIsNotRunning() async throws {
    try await withPlace { place in
      let syncer = place.syncer()
      #expect(await code { try await syncer.stop() } == .notRunning)
      #expect(await code { try await syncer.reconcile() } == .notRunning)
      // That was no run.
      try await syncer.start()
      try await syncer.stop()
    }
  }

  /// The lock is free, and the connections are closed, when it has thrown.
  @Test func aCancelledStartEndsTheRun() async throws {
    try await withPlace { place in
      let away = place.syncer { $0.endpointURL = "http://127.0.0.1:1" }
      let waiting = Task { try await away.start() }
      while !FileCalls.isDirectory(place.root + "/.martlet") { try await Task.sleep(for: .milliseconds(5)) }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      #expect(await code { try await away.flush() } == .notRunning)
      let syncer = place.syncer { $0.endpointURL = "http://127.0.0.1:1" }
      await syncer.pause()
      let paused = Task { try await syncer.start() }
      // Stopped by another task.
      while await code({ try await syncer.stop() }) == .notRunning { await Task.yield() }
      await #expect(throws: MartletError.self) { try await paused.value }
      let next = place.syncer()
      try await next.start()
      try await next.stop()
    }
  }

  @Test func startAndRunAreOneRun() async throws {
    try await withPlace { place in
      let syncer = place.syncer()
      try await syncer.start()
      // Joins it.
      try await syncer.start()
      let running = Task { try await syncer.run() }
      place.write("file", "x")
      try await syncer.flush("file")
      try await syncer.stop()
      try await running.value
      #expect(await code { try await syncer.run() } == .notRunning)

      let served = place.syncer()
      let service = Task { try await served.run() }
      while await served.status()?.isReady != true { try await Task.sleep(for: .milliseconds(5)) }
      try await served.start()
      #expect(await served.status()?.isReady == true)
      #expect(try await served.stop().isInSync)
      try await service.value
    }
  }

  /// Whoever joins a started run takes it over.
  @Test func aGroupShutsDownWhatWasStarted() async throws {
    try await withPlace { place in
      let syncer = place.syncer()
      try await syncer.start()
      let group = ServiceGroup(services: [syncer], logger: Place.quiet)
      let running = Task { try await group.run() }
      place.write("last", "x")
      await group.triggerGracefulShutdown()
      // The service ends as it should in a shutdown.
      try await running.value
      #expect(try await place.size("last") == 1)
      #expect(syncer.outcome?.isInSync == true)

      let cancelled = place.syncer()
      try await cancelled.start()
      let joined = Task { try await cancelled.run() }
      while !Task.isCancelled, await cancelled.status() == nil { await Task.yield() }
      joined.cancel()
      await #expect(throws: CancellationError.self) { try await joined.value }
      #expect(await code { try await cancelled.start() } == .notRunning)
    }
  }

  @Test func aRunThatEndsByItselfHasStarted() async throws {
    try await withPlace { place in
      place.write("file", "x")
      let syncer = place.syncer { $0.once = true }
      try await syncer.start()
      #expect(try await syncer.stop().committed == ["uploaded": 1])
    }
  }

  @Test func nothingMovesWhilePaused() async throws {
    try await withPlace { place in
      let syncer = place.syncer()
      try await syncer.start()
      let events = syncer.events
      await syncer.pause()
      await syncer.pause()
      #expect(await syncer.status()?.state == .paused)
      #expect(await syncer.status()?.isHealthy == true)
      place.write("file", "x")
      let sent = Task { try await syncer.flush("file") }
      try await Task.sleep(for: .milliseconds(200))
      #expect(try await place.size("file") == nil)
      await syncer.resume()
      try await sent.value
      #expect(try await place.size("file") == 1)
      try await syncer.stop()
      var seen: [SyncEvent] = []
      for await event in events where event == .paused || event == .resumed { seen.append(event) }
      #expect(seen == [.paused, .resumed])
    }
  }

  @Test func whatCannotBeFlushedIsTold() async throws {
    try await withPlace { place in
      let syncer = place.syncer { $0.filters = [.exclude("*.tmp")] }
      try await syncer.start()
      #expect(mkfifo(place.root + "/pipe", 0o600) == 0)
      for path in ["../x", "/etc/passwd", "a//b", "x.tmp", "pipe", ".martlet/base.sqlite"] {
        #expect(await code { try await syncer.flush(path) } == .notSynced, "\(path)")
      }
      mkdir(place.root + "/d", 0o755)
      place.write("d/file", "x")
      try await syncer.flush(place.root + "/d/")
      #expect(try await place.size("d/file") == 1)
      #expect(unlink(place.root + "/d/file") == 0)
      try await syncer.flush("./d")
      #expect(try await place.size("d/file") == nil)
      // Nothing but the pipe is left to be sent.
      #expect(await code { try await syncer.flush() } == .notSent)
      try await syncer.stop()
    }
  }

  @Test func theControlSocketAsksTheSame() async throws {
    try await withPlace { place in
      let syncer = place.syncer()
      try await syncer.start()
      func ask(_ command: ControlRequest.Command, _ arguments: [String: String] = [:]) async -> String {
        String(decoding: await syncer.answer(ControlRequest(command, arguments)), as: UTF8.self)
      }
      #expect(await ask(.pause).contains(#""state":"paused""#))
      #expect(await !ask(.resume).contains(#""state":"paused""#))
      place.write("file", "x")
      #expect(await ask(.flush, ["path": "file"]).contains(#""isReady":true"#))
      #expect(try await place.size("file") == 1)
      #expect(await ask(.flush, ["path": ".."]).contains(#"{"error":"#))
      try await place.put("unheard", "x")
      #expect(await ask(.reconcile).contains(#""isReady":true"#))
      #expect(place.text("unheard") == "x")
      try await syncer.stop()
    }
  }
}
