import Testing

@testable import Commands

extension FuzzTests {
  /// A duration is refused, or lies between nothing and ten years and can be shown.
  @Test func durations() throws {
    let fuzzer = Fuzzer(
      target: "durations", seeds: ["30", "500ms", "90s", "5m", "12h", "30d", "1.5h", "0", ".5s", "3650d"],
      tokens: ["ms", "s", "m", "h", "d", ".", "..", "e9", "inf", "\u{661}", "\u{bd}", "_", "9999999999999999999999999"])
    try fuzzer.run { input in
      let text = String(decoding: input, as: UTF8.self)
      guard let duration = DurationText.parse(text) else { return }
      try require(duration >= .zero && duration <= .seconds(3_650 * 86_400), "\(duration)")
      try require(!DurationText.describe(duration).isEmpty, "it cannot be shown")
      var reader = SettingReader(environment: ["MARTLET_POLL": text])
      let read = reader.duration("--poll", nil)
      try require(text.isEmpty || read == duration, "the variable reads as \(String(describing: read))")
    }
  }
}
