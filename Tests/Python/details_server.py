"""Serves calls that fail with details, with grpcio-status, and prints the port it listens on."""

import sys
from concurrent import futures

import grpc
from google.protobuf import any_pb2, duration_pb2, wrappers_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status


def packed(message):
    detail = any_pb2.Any()
    detail.Pack(message)
    return detail


def fail(request, context):
    violation = error_details_pb2.QuotaFailure.Violation(subject="user:1", description="all used")
    details = [
        error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=1, nanos=500_000_000)),
        # Of a type that the client has no name for.
        wrappers_pb2.StringValue(value="kept"),
        error_details_pb2.ErrorInfo(reason="TOO_MUCH", domain="grpcio.test", metadata={"limit": "7", "unit": "s"}),
        error_details_pb2.QuotaFailure(violations=[violation]),
        error_details_pb2.ErrorInfo(reason="ANOTHER"),
    ]
    status = status_pb2.Status(code=8, message="too much, ärger\n", details=map(packed, details))
    context.abort_with_status(rpc_status.to_status(status))


def with_details(value):
    def handler(request, context):
        context.set_trailing_metadata([("grpc-status-details-bin", value)])
        context.abort(grpc.StatusCode.NOT_FOUND, "not here")

    return grpc.unary_unary_rpc_method_handler(handler)


other = status_pb2.Status(code=9, message="not here", details=[packed(error_details_pb2.ErrorInfo(reason="OTHER"))])
methods = {
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Mismatch": with_details(other.SerializeToString()),
    "Garbage": with_details(b"\xff\xff\xff"),
    "Plain": grpc.unary_unary_rpc_method_handler(lambda _, context: context.abort(grpc.StatusCode.NOT_FOUND, "no")),
}
server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Details", methods)])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(f"listening on {port}", flush=True)
sys.stdin.read()
server.stop(0)
