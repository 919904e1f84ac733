// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "Embed",
  dependencies: [
    // Without the command line's trait: neither its program nor its server is built or fetched. Elsewhere:
    // .package(url: "https://github.com/…/martlet", from: "…", traits: [])
    .package(name: "martlet", path: "../..", traits: [])
  ],
  targets: [
    .executableTarget(name: "Embed", dependencies: [.product(name: "Martlet", package: "martlet")])
  ]
)
