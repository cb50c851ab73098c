"""Serves the echo service of the runtime's tests with grpcio, and prints the port it listens on.

echo_server.py [CERTIFICATE KEY [CA]]: with TLS as CERTIFICATE, a file, and asking clients for one that CA has signed.
"""

import pathlib
import sys
import time
from concurrent import futures

import grpc


def fail(request, context):
    context.set_trailing_metadata([("reason", "asked-for")])
    context.set_code(next(code for code in grpc.StatusCode if code.value[0] == request[0]))
    context.set_details("50% ärger\n")
    return b""


def metadata(request, context):
    echo = [(key, value) for key, value in context.invocation_metadata() if key.startswith("x-echo")]
    context.send_initial_metadata(echo)
    context.set_trailing_metadata(echo)
    return b""


def hang(request, context):
    while context.is_active():
        time.sleep(0.05)
    return b""


def expand(request, context):
    for byte in request:
        yield bytes([byte])


methods = {
    "Unary": grpc.unary_unary_rpc_method_handler(lambda request, context: request),
    "Expand": grpc.unary_stream_rpc_method_handler(expand),
    "Collect": grpc.stream_unary_rpc_method_handler(lambda requests, context: b"".join(requests)),
    "Chat": grpc.stream_stream_rpc_method_handler(lambda requests, context: requests),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Metadata": grpc.unary_unary_rpc_method_handler(metadata),
    "Hang": grpc.unary_unary_rpc_method_handler(hang),
}
server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Echo", methods)])
if len(sys.argv) == 1:
    port = server.add_insecure_port("127.0.0.1:0")
else:
    certificate, key, ca = [pathlib.Path(path).read_bytes() for path in sys.argv[1:]] + [None] * (4 - len(sys.argv))
    credentials = grpc.ssl_server_credentials([(key, certificate)], ca, require_client_auth=ca is not None)
    port = server.add_secure_port("127.0.0.1:0", credentials)
server.start()
print(f"listening on {port}", flush=True)
sys.stdin.read()
server.stop(0)
