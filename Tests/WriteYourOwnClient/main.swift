import CIMClient
import CIMCore
import Foundation
import NgRPC

guard CommandLine.arguments.count >= 4 else {
  print("usage: my-client ROUTE NAME DIRECTORY, for example: my-client 127.0.0.1:7400 ann /tmp/ann")
  exit(2)
}
var configuration = ChatClient.Configuration(
  routes: [try Endpoint(parsing: CommandLine.arguments[1])],
  identity: .name(try UserName(CommandLine.arguments[2])))

configuration.storage = FileStorage(directory: CommandLine.arguments[3])
let client = ChatClient(configuration)

let watching = Task {
  for await state in client.states {
    switch state {
    case .initialized: break
    case .connecting: print("* connecting")
    case .ready(let server): print("* ready, on server \(server)")
    case .reconnecting(let reason, let delay): print("* trying again in \(delay): \(reason)")
    case .closed: print("* closed")
    case .failed(let error): print("* given up (\(error.code)): \(error.message)")
    }
  }
}

/// What somebody wrote, with nothing in it that would command the terminal.
func printable(_ text: String) -> String {
  String(text.map { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } ? $0 : "?" })
}

/// Shows what happens, until the client has ended.
func show(_ client: ChatClient) async {
  await client.receive(
    onMessage: { message in
      let place = if case .direct = message.conversation { " (privately)" } else { "" }
      print("\(message.sender.id) \(message.sender.name)\(place): \(printable(message.text))")
    },
    onOther: { event in
      switch event {
      case .sendAccepted(let ticket, let accepted):
        print("* \(ticket) is in the log, at \(accepted.position)")
      case .sendDelivered(let ticket, let accepted):
        print("* \(ticket) is \(accepted.reached == .delivered ? "delivered" : "perhaps delivered")")
      case .sendRefused(let ticket, let error):
        print("* \(ticket) was not sent (\(error.code)): \(error.message)")
      case .reset(let conversation, _, let until, _):
        print("* of \(conversation), what was said up to \(until?.description ?? "now") is gone")
      default:
        break
      }
    })
}

let receiving = Task {
  if CommandLine.arguments.contains("--echo") { await echo(client) } else { await show(client) }
}

do {
  try await client.connect()
} catch let error as ClientError {
  print("not connected: \(error.message)")
  exit(1)
}
for message in client.restored { print("* goes again: \(message.ticket), \(printable(message.text))") }

/// Sends a line to everybody and waits until it is logged, or posts "id;;text" to one user and goes on.
func send(_ line: String) async throws {
  let parts = line.split(separator: ";;", maxSplits: 1)
  if parts.count == 2, let user = UserID(String(parts[0])) {
    let ticket = client.post(String(parts[1]), to: .user(user), level: .delivered)
    print("* \(ticket) is on its way")
  } else {
    let accepted = try await client.send(line, to: .lobby)
    print("* said: it is \(accepted.reached), at \(accepted.position)")
  }
}

/// The lines of standard input. Reading them blocks, and so has a thread of its own.
func lines() -> AsyncStream<String> {
  AsyncStream { lines in
    Thread.detachNewThread {
      while let line = readLine() { lines.yield(line) }
      lines.finish()
    }
  }
}

for await line in lines() where !line.isEmpty {
  do {
    try await send(line)
  } catch let error as SendError {
    print("* not sent (\(error.code)): \(error.message)")
  }
}

await client.close()
await receiving.value
await watching.value
