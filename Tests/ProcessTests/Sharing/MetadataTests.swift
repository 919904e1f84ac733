import AWSKit
import Foundation
import Testing

extension SystemTests {
  /// Modes, times, links and owners as the real programs of others write and read them, both ways.
  @Suite struct MetadataOfOthers {
    /// 2020-01-02T03:04:05.123456789Z
    private static let time = timespec(tv_sec: 1_577_934_245, tv_nsec: 123_456_789)
    /// Only root may give files away.
    private static let owner: (user: UInt32, group: UInt32) = geteuid() == 0 ? (1234, 2345) : (geteuid(), getegid())

    /// What travels of an entry.
    struct Seen: Hashable, CustomStringConvertible {
      var mode: UInt32
      var nanoseconds: Int64
      var owner: [UInt32] = []
      var target: String?

      var description: String {
        "\(String(mode, radix: 8)) \(nanoseconds) \(owner)\(target.map { " → \($0)" } ?? "")"
      }
    }

    private static func seen(_ path: String, owned: Bool = false) throws -> Seen {
      var status = stat()
      guard lstat(path, &status) == 0 else { throw FileFailure("lstat", path) }
      let time = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
      let isLink = status.st_mode & S_IFMT == S_IFLNK
      return Seen(
        mode: status.st_mode, nanoseconds: time, owner: owned ? [status.st_uid, status.st_gid] : [],
        target: isLink ? String(decoding: linkTarget(path), as: UTF8.self) : nil)
    }

    /// Waits until an entry is as another, its time to less than `step` nanoseconds.
    private func arrives(
      _ path: String, as other: String, owned: Bool = false, step: Int64 = 1, within limit: Duration = .seconds(120)
    ) async throws {
      let expected = try Self.seen(other, owned: owned)
      try await eventually("\(path) is as \(other)", within: limit) {
        guard var found = try? Self.seen(path, owned: owned) else { return "it is not there" }
        // Not by cutting both off: two times of one step may lie on either side of an edge.
        if abs(found.nanoseconds - expected.nanoseconds) < step { found.nanoseconds = expected.nanoseconds }
        return found == expected ? nil : "it is \(found), not \(expected)"
      }
      if expected.target == nil { #expect(read(path) == read(other)) }
    }

    private static func setTime(_ path: String) {
      var times = [time, time]
      utimensat(AT_FDCWD, path, &times, AT_SYMLINK_NOFOLLOW)
    }

    /// A file, a program and a link.
    private static func make(in folder: String) throws {
      for (name, mode) in [("plain", mode_t(0o640)), ("program", 0o755)] {
        try write("\(folder)/\(name)", "\(name)\n")
        lchown("\(folder)/\(name)", owner.user, owner.group)
        chmod("\(folder)/\(name)", mode)
        setTime("\(folder)/\(name)")
      }
      try link("\(folder)/link", to: "plain")
    }

    private func userMetadata(_ key: String, on server: TestServer) async throws -> [String: String] {
      try await server.bucket.client.headObject(bucket: TestServer.bucketName, key: key).metadata
    }

    // MARK: owners

    /// Root gives files away; who may not says so once, keeps them, and takes nobody's owner away.
    @Test(.limit(minutes: 15)) func ownersThatCannotBeGiven() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          for name in ["f", "g"] {
            try await server.bucket.put(
              "tree/\(name)", name.utf8,
              metadata: ["mtime": "1577934245", "mode": "33188", "uid": "1234", "gid": "2345"])
          }
          let martlet = try await Unprivileged.martlet(in: workspace)
          let a = try Node("a", in: workspace, server: server, options: ["--preserve-owner"])
          let b = try Node(
            "b", in: workspace, server: server, options: ["--preserve-owner"], environment: martlet.environment,
            program: martlet.program)
          Unprivileged.own(b.root)
          for node in [a, b] { try await node.started() }
          let bs: [UInt32] = geteuid() == 0 ? [Unprivileged.user, Unprivileged.user] : [geteuid(), getegid()]
          func expectOwners() throws {
            #expect(try Self.seen(a.path("f"), owned: true).owner == [Self.owner.user, Self.owner.group])
            #expect(try Self.seen(b.path("f"), owned: true).owner == bs)
          }
          try expectOwners()
          try write(b.path("f"), "edited by who may not\n")
          chmod(b.path("g"), 0o600)
          try await equal(a, b)
          for node in [a, b] { try await node.settled() }
          #expect(text(a.path("f")) == "edited by who may not\n")
          try expectOwners()
          for key in ["f", "g"] {
            let user = try await userMetadata("tree/\(key)", on: server)
            #expect(user["uid"] == "1234" && user["gid"] == "2345")
          }
          #expect(b.process?.logLines.count { $0.contains("--preserve-owner: files keep the owner") } == 1)
          for node in [a, b] { #expect(try await node.stopped() == .exited(0)) }
        }
      }
    }

    // MARK: rclone

    /// Its metadata that is not ours outlives our changes of mode and content. That `rclone --metadata` takes a decimal
    /// mode for an octal one is in docs/metadata.md: it is not asked for modes.
    @Test(.limit(minutes: 15)) func rclone() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let environment = [
            "RCLONE_CONFIG_T_TYPE": "s3", "RCLONE_CONFIG_T_PROVIDER": "Other", "RCLONE_CONFIG_T_ENDPOINT": server.url,
            "RCLONE_CONFIG_T_ENV_AUTH": "true", "RCLONE_CONFIG": "\(workspace.path)/rclone.conf",
          ].merging(TestServer.awsVariables) { $1 }
          func rclone(_ arguments: String...) async throws {
            let (end, output) = try await ProcessTests.finished(
              [try Programs.python("rclone")] + arguments, in: workspace, environment: environment)
            #expect(end == .exited(0), "\(output)")
          }
          let (theirs, back) = (try workspace.folder("theirs"), "\(workspace.path)/back")
          let remote = "T:\(TestServer.bucketName)/tree"
          try Self.make(in: theirs)
          try await rclone("copy", "--metadata", "--links", theirs, remote)
          let a = try Node("a", in: workspace, server: server, options: ["--preserve-owner"])
          try await a.started()
          for name in ["plain", "program"] { try await arrives(a.path(name), as: "\(theirs)/\(name)", owned: true) }
          // A link of theirs says so by its name and by its mode.
          #expect(try Self.seen(a.path("link.rclonelink")).target == "plain")

          let before = try await userMetadata("tree/plain", on: server)
          #expect(before["btime"] != nil && before["atime"] != nil)
          chmod(a.path("plain"), 0o604)
          try write(a.path("program"), "another content\n")
          Self.setTime(a.path("program"))
          try await a.settled()
          try await eventually("both changes are in the bucket") {
            let (plain, program) = (
              try await userMetadata("tree/plain", on: server), try await userMetadata("tree/program", on: server)
            )
            return plain["mode"] == String(0o100604) && program["mode"] == String(0o100755)
          }
          for key in ["plain", "program"] {
            let after = try await userMetadata("tree/\(key)", on: server)
            #expect(after["btime"] != nil && after["atime"] != nil && after["uid"] == before["uid"])
          }
          try write(a.path("ours"), "ours\n")
          lchown(a.path("ours"), Self.owner.user, Self.owner.group)
          Self.setTime(a.path("ours"))
          try await a.settled()
          try await eventually("it is sent") { try await server.bucket.objects()[PathKey("tree/ours")] != nil }
          try await a.settled()
          try await rclone("copy", remote, back, "--exclude", ".martlet/**")
          for name in ["ours", "program"] {
            #expect(try Self.seen("\(back)/\(name)").nanoseconds == Self.seen(a.path(name)).nanoseconds)
            #expect(read("\(back)/\(name)") == read(a.path(name)))
          }
          try await rclone("copyto", "--metadata", "\(remote)/ours", "\(back)/owned")
          let (owned, ours) = (try Self.seen("\(back)/owned", owned: true), try Self.seen(a.path("ours"), owned: true))
          #expect(owned.nanoseconds == ours.nanoseconds && owned.owner == ours.owner)
        }
      }
    }

    // MARK: mobius3

    /// Running beside Martlet; its times are binary floating point, good to a microsecond.
    @Test(.limit(minutes: 15)) func mobius3() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let theirs = try workspace.folder("theirs")
          let a = try Node("a", in: workspace, server: server)
          try Self.make(in: a.root)
          try await a.started()
          let mobius = try workspace.start(
            [
              try Programs.python("mobius3"), theirs, TestServer.bucketName, server.url + "/{}/", "us-east-1",
              "--prefix", "tree/",
            ], name: "mobius3",
            environment: ["PATH": "/usr/bin:/bin", "HOME": workspace.path].merging(TestServer.awsVariables) { $1 })
          for name in ["plain", "program", "link"] {
            try await arrives("\(theirs)/\(name)", as: a.path(name), step: 10_000)
          }
          // Theirs, once they watch.
          try write("\(theirs)/theirs", "theirs\n")
          try link("\(theirs)/their link", to: "theirs")
          for name in ["theirs", "their link"] {
            try await arrives(a.path(name), as: "\(theirs)/\(name)", step: 10_000)
          }
          // Its copy keeps the ETag: within the second of the upload no listing would tell of it.
          try await Task.sleep(for: .milliseconds(1_200))
          chmod("\(theirs)/theirs", 0o700)
          try await arrives(a.path("theirs"), as: "\(theirs)/theirs", step: 10_000)
          // It goes by ETags, so that a change of metadata alone does not reach it, and leaves alone for two minutes what
          // was changed where it runs.
          chmod(a.path("program"), 0o704)
          try write(a.path("program"), "ours\n")
          try await arrives("\(theirs)/program", as: a.path("program"), step: 10_000)
          try await a.settled()
          #expect(a.snapshot().entries.keys.allSatisfy { !$0.text.contains("(conflict ") })
          #expect(mobius.poll() == nil)
        }
      }
    }

    // MARK: s3cmd

    @Test(.limit(minutes: 15)) func s3cmd() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let theirs = try workspace.folder("theirs")
          try Self.make(in: theirs)
          try remove("\(theirs)/link")
          let host = server.url.dropFirst("http://".count)
          let (end, output) = try await ProcessTests.finished(
            [
              try Programs.python("s3cmd"), "--config", "/dev/null", "--access_key",
              Bucket.credentials.accessKeyID, "--secret_key", Bucket.credentials.secretAccessKey, "--host", "\(host)",
              "--host-bucket", "\(host)", "--no-ssl", "--preserve", "put", "--recursive", "\(theirs)/",
              "s3://\(TestServer.bucketName)/tree/",
            ], in: workspace)
          #expect(end == .exited(0), "\(output)")
          let a = try Node("a", in: workspace, server: server, options: ["--preserve-owner"])
          try await a.started()
          // It keeps whole seconds.
          for name in ["plain", "program"] {
            try await arrives(a.path(name), as: "\(theirs)/\(name)", owned: true, step: 1_000_000_000)
          }
          chmod(a.path("plain"), 0o604)
          try write(a.path("program"), "another content\n")
          try await eventually("what it says of them is said anew") {
            let attributes = try await [
              userMetadata("tree/plain", on: server), userMetadata("tree/program", on: server),
            ].map { $0["s3cmd-attrs", default: ""] }
            guard attributes[0].contains("mode:\(0o100604)/"), attributes[0].contains("md5:") else { return false }
            return attributes[1].contains("mode:\(0o100755)/") && !attributes[1].contains("md5:")
              && !attributes[1].contains("mtime:\(Self.time.tv_sec)/")
          }
        }
      }
    }

    // MARK: s3fs

    /// What s3fs 1.90 sends for a file, a link and a folder, as recorded.
    private static let recorded: [String: [String: String]] = [
      "plain": [
        "mode": "33184", "atime": "1795296314", "uid": "1234", "gid": "2345", "mtime": "1577934245.123456789",
        "ctime": "1795296314",
      ],
      "link": [
        "gid": "0", "mtime": "1795296200.716522839", "ctime": "1795296314", "atime": "1795296314", "uid": "0",
        "mode": "41471",
      ],
      "folder/": [
        "mode": "16877", "gid": "0", "atime": "1795296314", "uid": "0", "mtime": "1795296200.708522839",
        "ctime": "1795296314",
      ],
    ]

    @Test(.limit(minutes: 15)) func s3fsAsRecorded() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          for (name, metadata) in Self.recorded {
            try await server.bucket.put(
              "tree/\(name)", name == "folder/" ? [] : Array("plain".utf8), metadata: metadata)
          }
          let a = try Node("a", in: workspace, server: server, options: ["--preserve-owner"])
          try await a.started()
          let plain = try Self.seen(a.path("plain"), owned: true)
          #expect(plain.mode == 0o100640 && plain.owner == [Self.owner.user, Self.owner.group])
          #expect(plain.nanoseconds == 1_577_934_245_123_456_789)
          let link = try Self.seen(a.path("link"))
          #expect(link.target == "plain" && link.nanoseconds == 1_795_296_200_716_522_839)
          #expect(try Self.seen(a.path("folder")).mode & S_IFMT == S_IFDIR)
        }
      }
    }

    /// Where the machine has no FUSE only the recorded form can be looked at.
    @Test(.limit(minutes: 15)) func s3fs() async throws {
      guard S3FS.canRun else {
        print("no FUSE on this machine: s3fs itself cannot run, its form was looked at as recorded")
        return try await s3fsAsRecorded()
      }
      try await Sandbox.run { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let mount = try await S3FS(of: TestServer.bucketName, in: sandbox, on: server)
          let theirs = "\(mount.path)/tree"
          try await sandbox.shell(
            """
            mkdir '\(theirs)' '\(theirs)/folder'
            for name in plain program; do echo $name >'\(theirs)/'$name; done
            chmod 640 '\(theirs)/plain'; chmod 755 '\(theirs)/program'; ln -s plain '\(theirs)/link'
            touch -d @1577934245 '\(theirs)/plain' '\(theirs)/program'
            """)
          let a = try Node("a", in: workspace, server: server)
          try await a.started()
          for (name, mode) in [("plain", UInt32(0o100640)), ("program", 0o100755)] {
            #expect(try Self.seen(a.path(name)) == Seen(mode: mode, nanoseconds: 1_577_934_245_000_000_000))
            #expect(text(a.path(name)) == "\(name)\n")
          }
          #expect(try Self.seen(a.path("link")).target == "plain" && exists(a.path("folder")))

          chmod(a.path("plain"), 0o604)
          try write(a.path("ours"), "ours\n")
          chmod(a.path("ours"), 0o750)
          Self.setTime(a.path("ours"))
          try link(a.path("our link"), to: "ours")
          try await eventually("it sees ours") {
            let found = try await sandbox.shell(
              """
              cd '\(theirs)'; stat -c '%a %y' ours plain | cut -d. -f1; readlink 'our link' || true; cat ours
              """)
            let expected = "750 2020-01-02 03:04:05\n604 2020-01-02 03:04:05\nours\nours\n"
            return found.replacing(".000000000 +0000", with: "") == expected ? nil : "\(found)"
          }
          try await mount.unmount()
        }
      }
    }
  }
}
