"""Serves grpc.testing.TestService with grpcio: interop_server.py [CERTIFICATE KEY], with TLS as CERTIFICATE, a file.

Prints "listening on PORT, counted on PORT": the second relays to the first and counts. Each line of standard input is answered
with "up N down N", the bytes that passed since the one before; the end of the input ends the server.

grpcio does not tell a server whether a request is compressed, so expect_compressed is ignored.
"""

import pathlib
import sys
import time
from concurrent import futures

import grpc

from counting_relay import CountingRelay
from interop_protos import empty, messages, payload, services


class TestService(services.TestServiceServicer):
    def EmptyCall(self, request, context):
        return empty.Empty()

    def UnaryCall(self, request, context):
        echo_metadata(context)
        echo_status(request, context)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        return messages.SimpleResponse(payload=payload(request.response_size))

    def StreamingOutputCall(self, request, context):
        echo_metadata(context)
        context.set_compression(grpc.Compression.Gzip)
        yield from answers(request, context)

    def StreamingInputCall(self, requests, context):
        total = sum(len(request.payload.body) for request in requests)
        return messages.StreamingInputCallResponse(aggregated_payload_size=total)

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            yield from answers(request, context)


def answers(request, context):
    echo_status(request, context)
    for wanted in request.response_parameters:
        time.sleep(wanted.interval_us / 1e6)
        if not wanted.compressed.value:
            context.disable_next_message_compression()
        yield messages.StreamingOutputCallResponse(payload=payload(wanted.size))


def echo_status(request, context):
    if request.response_status.code:
        code = next(code for code in grpc.StatusCode if code.value[0] == request.response_status.code)
        context.abort(code, request.response_status.message)


def echo_metadata(context):
    sent = dict(context.invocation_metadata())
    for key, echo in [
        ("x-grpc-test-echo-initial", context.send_initial_metadata),
        ("x-grpc-test-echo-trailing-bin", context.set_trailing_metadata),
    ]:
        if key in sent:
            echo([(key, sent[key])])


# UnimplementedCall is left to the base class, which answers as is wanted.
server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
services.add_TestServiceServicer_to_server(TestService(), server)
if len(sys.argv) == 1:
    port = server.add_insecure_port("127.0.0.1:0")
else:
    certificate, key = (pathlib.Path(path).read_bytes() for path in sys.argv[1:])
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
server.start()
relay = CountingRelay(port)
print(f"listening on {port}, counted on {relay.port}", flush=True)
up, down = 0, 0
for _ in sys.stdin:
    print(f"up {relay.up - up} down {relay.down - down}", flush=True)
    up, down = relay.up, relay.down
server.stop(0)
