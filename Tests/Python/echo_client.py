"""Calls the echo service of the runtime's tests with grpcio. Fails at the first wrong answer.

echo_client.py PORT [CA [CERTIFICATE KEY]]: with TLS when CA, a file, says whom to trust, and as CERTIFICATE if there is one.
"""

import pathlib
import sys
import threading

import grpc


def expect(actual, wanted, what):
    if actual != wanted:
        sys.exit(f"{what}: got {actual!r}, wanted {wanted!r}")


address = f"127.0.0.1:{sys.argv[1]}"
options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
if len(sys.argv) == 2:
    channel = grpc.insecure_channel(address, options)
else:
    ca, certificate, key = [pathlib.Path(path).read_bytes() for path in sys.argv[2:]] + [None] * (5 - len(sys.argv))
    channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, key, certificate), options)
unary = channel.unary_unary("/test.Echo/Unary")
chat = channel.stream_stream("/test.Echo/Chat")
handler = channel.stream_stream("/test.Echo/Handler")

for size in [0, 1, 16_379, 70_000, 4 << 20]:
    expect(len(unary(b"x" * size)), size, f"a unary call of {size} bytes")

expect(list(channel.unary_stream("/test.Echo/Expand")(b"hello")), [b"h", b"e", b"l", b"l", b"o"], "server streaming")
expect(channel.stream_unary("/test.Echo/Collect")(iter([b"a", b"", b"bc"])), b"abc", "client streaming")
for method in [chat, handler]:
    expect(list(method(iter([b"1", b"22", b"x" * 300_000]))), [b"1", b"22", b"x" * 300_000], "both streaming")
    expect(list(method(iter([]))), [], "an empty stream")

for code in range(1, 17):
    try:
        channel.unary_unary("/test.Echo/Fail")(bytes([code]))
        sys.exit(f"status {code} did not arrive")
    except grpc.RpcError as error:
        expect(error.code().value[0], code, "a status")
        expect(error.details(), "50% ärger\n", "a status message")
        expect(dict(error.trailing_metadata())["reason"], "asked-for", "trailing metadata")

sent = [("x-echo", "one"), ("x-echo", "two"), ("x-echo-bin", b"\xab\xab\xab"), ("x-echo-bin", b"")]
_, call = channel.unary_unary("/test.Echo/Metadata").with_call(b"", metadata=sent)
expect(sorted(map(tuple, call.initial_metadata())), sorted(sent), "initial metadata")
expect(sorted(map(tuple, call.trailing_metadata())), sorted(sent), "trailing metadata")

for path in ["/test.Echo/Nothing", "/test.Nobody/Unary"]:
    try:
        channel.unary_unary(path)(b"")
        sys.exit(f"{path} was answered")
    except grpc.RpcError as error:
        expect(error.code(), grpc.StatusCode.UNIMPLEMENTED, path)

try:
    channel.unary_unary("/test.Echo/Hang")(b"", timeout=0.1)
    sys.exit("a deadline did not end the call")
except grpc.RpcError as error:
    expect(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED, "a deadline")

hanging = channel.unary_unary("/test.Echo/Hang").future(b"")
hanging.cancel()
expect(hanging.cancelled(), True, "a cancelled call")

# A hundred callers at once on one connection.
failures = []


def call_often(number):
    for _ in range(20):
        if unary(bytes([number])) != bytes([number]):
            failures.append(number)


threads = [threading.Thread(target=call_often, args=(number,)) for number in range(100)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
expect(failures, [], "calls at once")
channel.close()
print("every case holds")
