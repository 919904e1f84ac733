import ArgumentParser
import Martlet

struct LeaseOptions: ParsableArguments {
  @Flag(
    name: [.long, .customShort("d")],
    help: "Take a distributed lock before changes of the bucket, as s3-sync2 does; nodes then take turns.")
  var dfs = false

  @Option(
    name: [.long, .customShort("t")],
    help: ArgumentHelp("When another node's lock counts as stale (default 60).", valueName: "seconds"))
  var dfsLockTimeout: String?

  @Option(
    name: [.long, .customShort("w")],
    help: ArgumentHelp(
      "How long to wait for the lock before that is reported (default 180); s3-sync2 then ends.", valueName: "seconds"))
  var dfsLockWait: String?

  @Flag(help: "Name the host in the lock, in place of the node.")
  var dfsUidHostname = false

  @Flag(help: "Tell the other nodes what this one changed, and hear of theirs; --dfs does so by itself.")
  var journal = false

  @Option(
    help: ArgumentHelp(
      "Keys in the bucket below which nodes tell each other (default: .martlet/journal/ in the prefix).",
      valueName: "keys"))
  var journalPrefix: String?

  func readJournal(_ reader: inout SettingReader, takesTurns: Bool) -> Configuration.Journal? {
    let isWanted = reader.flag("--journal", journal ? true : nil) ?? takesTurns
    let prefix = reader.text("--journal-prefix", journalPrefix)
    return isWanted || prefix != nil ? Configuration.Journal(prefix: prefix) : nil
  }

  func read(_ dialect: Dialect, _ reader: inout SettingReader, _ notes: inout [String]) -> Configuration.Lease? {
    let isWanted = reader.flag("--dfs", dfs ? true : nil) ?? false
    let timeout = reader.duration("--dfs-lock-timeout", dfsLockTimeout, atLeast: .seconds(1))
    let wait = reader.duration("--dfs-lock-wait", dfsLockWait, atLeast: .seconds(1))
    let namesHost = reader.flag("--dfs-uid-hostname", dfsUidHostname ? true : nil) ?? false
    guard isWanted else {
      if dfsUidHostname || dfsLockTimeout != nil || dfsLockWait != nil {
        notes.append("--dfs-lock-timeout, --dfs-lock-wait, --dfs-uid-hostname: have no effect without --dfs")
      }
      return nil
    }
    var lease = Configuration.Lease()
    if let timeout { lease.timeout = timeout }
    if let wait { lease.wait = wait }
    lease.namesHost = namesHost
    lease.endsAfterWait = dialect == .s3Sync2
    return lease
  }
}
