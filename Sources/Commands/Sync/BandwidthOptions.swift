import ArgumentParser
import Martlet

struct BandwidthOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What uploads together may move, and downloads together: 800KB/s, 10MB/s, 80Mb/s (bits); 0 or none: no limit.",
      valueName: "rate"))
  var maxBandwidth: String?

  @Option(help: ArgumentHelp("The same for uploads alone.", valueName: "rate"))
  var maxBandwidthUp: String?

  @Option(help: ArgumentHelp("The same for downloads alone.", valueName: "rate"))
  var maxBandwidthDown: String?

  func read(_ reader: inout SettingReader, into configuration: inout Configuration) {
    let both = reader.bandwidth("--max-bandwidth", maxBandwidth)
    configuration.maxBandwidthUp = reader.bandwidth("--max-bandwidth-up", maxBandwidthUp) ?? both
    configuration.maxBandwidthDown = reader.bandwidth("--max-bandwidth-down", maxBandwidthDown) ?? both
  }
}

extension SettingReader {
  mutating func bandwidth(_ option: String, _ given: String?) -> Configuration.Bandwidth? {
    value(option, given) { text throws(SettingProblem) in
      guard let limit = Configuration.Bandwidth(parsing: text) else {
        throw SettingProblem(Configuration.Bandwidth.hint)
      }
      return limit
    }
  }
}
