"""One end of a chain of calls that a W3C trace context passes through, in grpcio.

trace_context.py server: answers /test.Echo/Unary with the trace context that came, and prints the port it listens on.
trace_context.py client PORT: calls /test.Echo/Chat with a trace context, and prints the answer.
"""

import sys
from concurrent import futures

import grpc

CONTEXT = [
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("tracestate", "congo=t61rcWkgMzE"),
    ("tracestate", "rojo=00f067aa0ba902b7"),
]


def answer(request, context):
    metadata = [(key, value) for key, value in context.invocation_metadata() if key.startswith("trace")]
    return "\n".join(f"{key}: {value}" for key, value in sorted(metadata)).encode()


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    methods = {"Unary": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Echo", methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on {port}", flush=True)
    sys.stdin.read()
    server.stop(0)


def call(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        for response in channel.stream_stream("/test.Echo/Chat")(iter([b"hi"]), metadata=CONTEXT):
            print(response.decode())


if sys.argv[1] == "server":
    serve()
else:
    call(sys.argv[2])
