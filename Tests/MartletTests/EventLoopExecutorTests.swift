import NIOCore
import NIOPosix
import Testing

@testable import Martlet

@Suite struct EventLoopExecutorTests {
  @Test func tasksStayOnTheThreadOfTheLoop() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let executor = EventLoopExecutor(loop)
    let alarm = Alarm(on: loop)
    try await withTaskExecutorPreference(executor) {
      #expect(loop.inEventLoop)
      await alarm.wait(1)
      #expect(loop.inEventLoop)
      await withTaskExecutorPreference(globalConcurrentExecutor) { #expect(!loop.inEventLoop) }
      #expect(loop.inEventLoop)
      try await Task.sleep(for: .milliseconds(1))
      #expect(loop.inEventLoop)
    }
    #expect(!loop.inEventLoop)
  }
}
