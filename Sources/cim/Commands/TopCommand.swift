import ArgumentParser
import CIMCore
import Foundation
import Logging
import NgRPC

/// `cim top`
struct TopCommand: SettingsCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Watch routes and servers at work.",
    discussion: """
      It asks each route that is named, on its port for operators (admin.listen), and shows what they and the servers they see \
      do. q ends it.
        cim top
        cim top --routes 10.0.0.1:7410,10.0.0.2:7410
        cim top --once | grep server-1

      Routes: messages accepted by the second, those that were sent again, frames sent to servers, and how long it took until \
      half, and 99 of 100, were accepted. Servers: clients, what these sent and were given by the second, and the lag: for how \
      long the oldest message that a server has not acknowledged has been on its way. CPU is in percent of one \
      processor, memory in MiB. A narrow terminal shows fewer columns.
      """)

  @Option(Settings.topRoutes) var routes: String?
  @Option(Settings.adminToken) var adminToken: String?
  @Option(Settings.topInterval) var interval: String?
  @Flag(help: "Print what one interval tells, and end; all columns where standard output is no terminal.")
  var once = false
  @OptionGroup var common: CommonOptions

  var flags: FlagValues {
    var flags = self.common.flags
    flags.set(Settings.topRoutes, self.routes)
    flags.set(Settings.adminToken, self.adminToken)
    flags.set(Settings.topInterval, self.interval)
    return flags
  }

  func run() async throws {
    let settings = try await self.settings()
    let addresses = try settings.required(Settings.topRoutes)
    let interval = try settings.required(Settings.topInterval)
    var logger = Logger(label: "cim.top") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = try settings.value(Settings.logLevel) ?? .critical
    let observer = Observer(addresses, token: try settings.value(Settings.adminToken), logger: logger)
    do {
      var board = Board(addresses)
      // Before the screen is taken: what is wrong from the beginning is said like any error.
      try await observer.observe(&board)
      if !self.once, let screen = FullScreen.open() {
        await self.watch(board, observer, every: interval, on: screen)
      } else {
        try await Task.sleep(for: interval)
        try await observer.observe(&board)
        FileHandle.standardOutput.write(Data(Self.lines(of: board).map { "\($0)\n" }.joined().utf8))
      }
    } catch {
      await observer.close()
      throw error
    }
    await observer.close()
  }

  private enum Event: Sendable {
    case observed(Board)
    case input(FullScreen.Input)
  }

  private func watch(
    _ first: Board, _ observer: Observer, every interval: Duration, on screen: FullScreen
  ) async {
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    let observing = Task {
      var board = first
      while (try? await Task.sleep(for: interval)) != nil {
        // That no route answers is on the board.
        try? await observer.observe(&board)
        continuation.yield(.observed(board))
      }
    }
    let reading = Task {
      for await input in screen.inputs { continuation.yield(.input(input)) }
    }
    var board = first
    screen.draw(Self.lines(of: board))
    reading: for await event in events {
      switch event {
      case .observed(let observed): board = observed
      case .input(.redraw): break
      case .input(.quit): break reading
      }
      screen.draw(Self.lines(of: board))
    }
    observing.cancel()
    await screen.close()
    await observing.value
    await reading.value
  }

  private static func lines(of board: Board) -> [String] {
    board.lines(at: WallClock.system.time(.now()), width: FullScreen.size?.width ?? .max)
  }
}
