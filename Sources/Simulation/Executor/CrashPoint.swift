/// Where in the work of an engine its node crashes: right before or right after one of its port calls.
package struct CrashPoint: Hashable, Sendable {
  enum Moment: String, CaseIterable { case before, after }

  /// Calls that change something, or whose result decides something.
  static let calls = [
    "local observe", "local walk", "local read", "local fingerprint", "local snapshot", "local verify", "local stage",
    "local install", "local remove", "local copyAside", "local makeDirectory", "local removeDirectory",
    "local applyMetadata", "local sync", "remote list", "remote head", "remote proveAbsent", "remote read",
    "remote download", "remote put", "remote beginUpload", "remote uploadPart", "remote completeUpload",
    "remote abortUpload", "remote replaceMetadata", "remote copy", "remote delete", "store record", "store forget",
    "store open put", "store open multipart", "store open metadata", "store open copy", "store open delete",
    "store open install", "store close",
  ]

  var call: String
  var moment: Moment
  /// How many such calls go well first.
  var skipped: Int
}

extension CrashPoint {
  init(_ generator: inout SeededGenerator) {
    call = generator.pick(Self.calls)
    moment = generator.pick(Moment.allCases)
    // Most calls happen a few times only.
    skipped = generator.oneIn(2) ? 0 : generator.below(generator.oneIn(2) ? 4 : 20)
  }
}
