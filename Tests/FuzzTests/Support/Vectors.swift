import Foundation

/// What independent implementations answered; written by `scripts/fuzz-vectors`.
enum Vectors {
  static func load<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    let url = Bundle.module.bundleURL.appending(path: "Vectors/\(name).json")
    return try JSONDecoder().decode(type, from: Data(contentsOf: url))
  }
}
