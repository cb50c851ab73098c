"""The standard interoperability cases with grpcio as the client: interop_client.py PORT [CA], with TLS when CA, a file, says
whom to trust.

Prints a line for each case; fails at the first that does not hold. grpcio can't leave out a single message of a stream that
is compressed, so client_compressed_streaming is done without one; and it does not show what is compressed: that is told by
the bytes that pass.
"""

import contextlib
import pathlib
import queue
import sys
import time

import grpc

from counting_relay import CountingRelay
from interop_protos import empty, large_request, messages, payload, services

INITIAL = ("x-grpc-test-echo-initial", "test_initial_metadata_value")
TRAILING = ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab")
REQUEST_SIZES = [27_182, 8, 1_828, 45_904]
RESPONSE_SIZES = [31_415, 9, 2_653, 58_979]
GZIP = grpc.Compression.Gzip

relay = CountingRelay(int(sys.argv[1]))


def new_stub():
    target, options = f"127.0.0.1:{relay.port}", [("grpc.use_local_subchannel_pool", 1)]
    if len(sys.argv) == 2:
        channel = grpc.insecure_channel(target, options)
    else:
        credentials = grpc.ssl_channel_credentials(pathlib.Path(sys.argv[2]).read_bytes())
        channel = grpc.secure_channel(target, credentials, options)
    return channel, services.TestServiceStub(channel)


channel, stub = new_stub()


def expect(actual, wanted, what):
    if actual != wanted:
        sys.exit(f"{case}: {what}: got {actual!r}, wanted {wanted!r}")


def expect_payload(response, size):
    expect(response.payload.body == bytes(size), True, f"whether the response is {size} zeros")


@contextlib.contextmanager
def fails(code, message=None):
    try:
        yield
    except grpc.RpcError as error:
        expect(error.code(), code, "the code")
        if message is not None:
            expect(error.details(), message, "the message")
        return
    sys.exit(f"{case}: the call succeeded, wanted {code}")


@contextlib.contextmanager
def bytes_passing(direction, at_least=0, at_most=sys.maxsize):
    before = getattr(relay, direction)
    yield
    count = getattr(relay, direction) - before
    if not at_least <= count <= at_most:
        sys.exit(f"{case}: {count} bytes went {direction}, wanted {at_least} to {at_most}")


def output_request(*sizes, **more):
    return messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=size) for size in sizes], **more
    )


def yes(value):
    return messages.BoolValue(value=value)


def empty_unary():
    expect(stub.EmptyCall(empty.Empty()), empty.Empty(), "the response")


def large_unary():
    expect_payload(stub.UnaryCall(large_request()), 314_159)


def client_compressed_unary():
    with fails(grpc.StatusCode.INVALID_ARGUMENT), bytes_passing("up", at_least=271_828):
        stub.UnaryCall(large_request(expect_compressed=yes(True)))
    with bytes_passing("up", at_most=10_000):
        expect_payload(stub.UnaryCall(large_request(expect_compressed=yes(True)), compression=GZIP), 314_159)
    with bytes_passing("up", at_least=271_828):
        expect_payload(stub.UnaryCall(large_request(expect_compressed=yes(False))), 314_159)
    # The other one that grpcio knows.
    deflate = grpc.Compression.Deflate
    expect_payload(stub.UnaryCall(large_request(expect_compressed=yes(True)), compression=deflate), 314_159)


def server_compressed_unary():
    with bytes_passing("down", at_most=10_000):
        expect_payload(stub.UnaryCall(large_request(response_compressed=yes(True))), 314_159)
    with bytes_passing("down", at_least=314_159):
        expect_payload(stub.UnaryCall(large_request(response_compressed=yes(False))), 314_159)


def client_streaming():
    requests = [messages.StreamingInputCallRequest(payload=payload(size)) for size in REQUEST_SIZES]
    expect(stub.StreamingInputCall(iter(requests)).aggregated_payload_size, 74_922, "the sum")


def client_compressed_streaming():
    def requests(*sizes):
        return (messages.StreamingInputCallRequest(payload=payload(size), expect_compressed=yes(True)) for size in sizes)

    with fails(grpc.StatusCode.INVALID_ARGUMENT):
        stub.StreamingInputCall(requests(27_182))
    with bytes_passing("up", at_most=10_000):
        response = stub.StreamingInputCall(requests(27_182, 45_904), compression=GZIP)
    expect(response.aggregated_payload_size, 73_086, "the sum")


def server_streaming():
    responses = list(stub.StreamingOutputCall(output_request(*RESPONSE_SIZES)))
    expect([len(response.payload.body) for response in responses], RESPONSE_SIZES, "the responses' sizes")


def server_compressed_streaming():
    request = messages.StreamingOutputCallRequest(
        response_parameters=[
            messages.ResponseParameters(size=31_415, compressed=yes(True)),
            messages.ResponseParameters(size=92_653, compressed=yes(False)),
        ]
    )
    with bytes_passing("down", at_least=92_653, at_most=92_653 + 10_000):
        responses = list(stub.StreamingOutputCall(request))
    expect([len(response.payload.body) for response in responses], [31_415, 92_653], "the responses' sizes")


def ping_pong():
    requests = queue.SimpleQueue()
    responses = stub.FullDuplexCall(iter(requests.get, None))
    for request_size, response_size in zip(REQUEST_SIZES, RESPONSE_SIZES):
        requests.put(output_request(response_size, payload=payload(request_size)))
        expect_payload(next(responses), response_size)
    requests.put(None)
    expect(list(responses), [], "what follows the four responses")


def empty_stream():
    expect(list(stub.FullDuplexCall(iter([]))), [], "the responses")


def custom_metadata():
    unary, call = stub.UnaryCall.with_call(large_request(), metadata=[INITIAL, TRAILING])
    expect_payload(unary, 314_159)
    duplex = stub.FullDuplexCall(
        iter([output_request(314_159, payload=payload(271_828))]), metadata=[INITIAL, TRAILING]
    )
    for response in duplex:
        expect_payload(response, 314_159)
    for echo in [call, duplex]:
        expect([tuple(entry) for entry in echo.initial_metadata()], [INITIAL], "the initial metadata")
        expect([tuple(entry) for entry in echo.trailing_metadata()], [TRAILING], "the trailing metadata")


def echoed_status(message):
    status = messages.EchoStatus(code=2, message=message)
    with fails(grpc.StatusCode.UNKNOWN, message):
        stub.UnaryCall(messages.SimpleRequest(response_status=status))
    with fails(grpc.StatusCode.UNKNOWN, message):
        list(stub.FullDuplexCall(iter([messages.StreamingOutputCallRequest(response_status=status)])))


def status_code_and_message():
    echoed_status("test status message")


def special_status_message():
    echoed_status("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")


def unimplemented_method():
    with fails(grpc.StatusCode.UNIMPLEMENTED):
        stub.UnimplementedCall(empty.Empty())


def unimplemented_service():
    with fails(grpc.StatusCode.UNIMPLEMENTED):
        services.UnimplementedServiceStub(channel).UnimplementedCall(empty.Empty())


def cancel_after_begin():
    requests = iter(lambda: time.sleep(0.01) or messages.StreamingInputCallRequest(), None)
    call = stub.StreamingInputCall.future(requests)
    call.cancel()
    expect(call.cancelled(), True, "whether the call was cancelled")
    expect(call.code(), grpc.StatusCode.CANCELLED, "the code")


def cancel_after_first_response():
    requests = queue.SimpleQueue()
    requests.put(output_request(31_415, payload=payload(27_182)))
    call = stub.FullDuplexCall(iter(requests.get, None))
    expect_payload(next(call), 31_415)
    call.cancel()
    requests.put(None)
    expect(call.code(), grpc.StatusCode.CANCELLED, "the code")


def timeout_on_sleeping_server():
    request = messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=1, interval_us=10_000_000)], payload=payload(27_182)
    )
    with fails(grpc.StatusCode.DEADLINE_EXCEEDED):
        list(stub.FullDuplexCall(iter([request]), timeout=0.001))


def rpc_soak():
    for _ in range(20):
        large_unary()


def channel_soak():
    for _ in range(20):
        fresh, fresh_stub = new_stub()
        expect_payload(fresh_stub.UnaryCall(large_request()), 314_159)
        fresh.close()


CASES = [
    empty_unary, large_unary, client_compressed_unary, server_compressed_unary, client_streaming,
    client_compressed_streaming, server_streaming, server_compressed_streaming, ping_pong, empty_stream,
    custom_metadata, status_code_and_message, special_status_message, unimplemented_method, unimplemented_service,
    cancel_after_begin, cancel_after_first_response, timeout_on_sleeping_server, rpc_soak, channel_soak,
]  # fmt: skip

for function in CASES:
    case = function.__name__
    try:
        function()
    except grpc.RpcError as error:
        sys.exit(f"{case}: {error.code()}: {error.details()}")
    print(f"{case}: holds", flush=True)
channel.close()
