import ArgumentParser
import Martlet

struct EventOptions: ParsableArguments {
  @Option(
    name: [.long, .customShort("q")],
    help: ArgumentHelp(
      "Hear of changes in the bucket through this SQS queue, which is made; [uid] stands for this node.",
      valueName: "name"))
  var eventQueue: String?

  @Option(
    help: ArgumentHelp(
      "How events come to it: auto (default), sns, eventbridge, or sqs (for one node only).", valueName: "how"))
  var eventRoute: String?

  @Flag(help: "Take the queue, and what leads to it, away at the end.")
  var eventQueueCleanup = false

  func read(_ reader: inout SettingReader, _ notes: inout [String]) -> Configuration.EventQueue? {
    let name = reader.text("--event-queue", eventQueue)
    let route: Configuration.EventQueue.Route? = reader.choice("--event-route", eventRoute)
    let cleansUp = reader.flag("--event-queue-cleanup", eventQueueCleanup ? true : nil)
    guard let name else {
      if eventRoute != nil || eventQueueCleanup {
        notes.append("--event-queue-cleanup, --event-route: have no effect without --event-queue")
      }
      return nil
    }
    var queue = Configuration.EventQueue(name: name)
    if let route { queue.route = route }
    queue.cleansUp = cleansUp ?? false
    return queue
  }
}
