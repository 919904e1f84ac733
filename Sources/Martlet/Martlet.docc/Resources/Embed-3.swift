import Foundation
import Martlet

let (folder, location) = (CommandLine.arguments[1], CommandLine.arguments[2])
let syncer = Syncer(Configuration(root: folder, location: location))
try await syncer.start()  // Both sides are the same now, and are kept so.
try "Hello\n".write(toFile: folder + "/hello.txt", atomically: true, encoding: .utf8)
