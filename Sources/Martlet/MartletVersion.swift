/// Of the library and the program.
package enum MartletVersion {
  package static let current = "0.1.0"
}
