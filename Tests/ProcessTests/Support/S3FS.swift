import AWSKit
import Foundation

/// A bucket that s3fs shows as a folder in a sandbox.
struct S3FS {
  let path: String
  private let sandbox: Sandbox
  private let process: Child

  /// False where the machine has no FUSE, as most containers.
  static let canRun: Bool = {
    let device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
    if device >= 0 { close(device) }
    return device >= 0
  }()

  init(of bucket: String, in sandbox: Sandbox, on server: TestServer) async throws {
    let workspace = sandbox.workspace
    let mount = try workspace.folder("mount")
    let password = "\(workspace.path)/password"
    try write(password, "\(Bucket.credentials.accessKeyID):\(Bucket.credentials.secretAccessKey)\n")
    chmod(password, 0o600)
    let process = try workspace.start(
      try sandbox.entering() + [
        Programs.system("s3fs"), bucket, mount, "-f", "-o", "url=\(server.url)", "-o", "use_path_request_style",
        "-o", "passwd_file=\(password)", "-o", "endpoint=us-east-1",
        // What others change is to be seen at once.
        "-o", "max_stat_cache_size=0", "-o", "stat_cache_expire=1",
      ], name: "s3fs", environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    try await eventually("\(bucket) is mounted") {
      if let end = process.poll() { throw Child.Failure(description: "s3fs ended with \(end): \(process.log)") }
      return try await sandbox.shell("grep -c ' \(mount) fuse' /proc/mounts || true").hasPrefix("1")
    }
    (path, self.sandbox, self.process) = (mount, sandbox, process)
  }

  func unmount() async throws {
    try await sandbox.shell("umount '\(path)'")
    try await process.ended()
  }
}
