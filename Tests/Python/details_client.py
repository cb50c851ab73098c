"""Calls a server of ours that fails with details, with grpcio-status: details_client.py PORT. Fails at the first wrong answer."""

import sys

import grpc
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def expect(actual, wanted, what):
    if actual != wanted:
        sys.exit(f"{what}: got {actual!r}, wanted {wanted!r}")


def failure(method):
    try:
        channel.unary_unary(f"/test.Details/{method}")(b"")
    except grpc.RpcError as error:
        return error
    sys.exit(f"{method} did not fail")


channel = grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}")

error = failure("Fail")
status = rpc_status.from_call(error)
expect(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, "the code")
expect((status.code, status.message), (8, "too much, ärger\n"), "the status among the details")
details = []
for packed in status.details:
    detail = getattr(error_details_pb2, packed.type_url.removeprefix("type.googleapis.com/google.rpc."))()
    expect(packed.Unpack(detail), True, packed.type_url)
    details.append((detail.DESCRIPTOR.name, MessageToDict(detail)))
expect(
    details,
    [
        ("RetryInfo", {"retryDelay": "1.500s"}),
        ("ErrorInfo", {"reason": "TOO_MUCH", "domain": "ngrpc.test", "metadata": {"limit": "7"}}),
        (
            "BadRequest",
            {
                "fieldViolations": [
                    {
                        "field": "a.b[2]",
                        "description": "is odd",
                        "reason": "ODD",
                        "localizedMessage": {"locale": "de-CH", "message": "ist ungerade"},
                    }
                ]
            },
        ),
        (
            "QuotaFailure",
            {"violations": [{"subject": "user:1", "description": "all used", "quotaValue": "7", "futureQuotaValue": "0"}]},
        ),
        ("PreconditionFailure", {"violations": [{"type": "TOS", "subject": "user:1", "description": "accept"}]}),
        ("DebugInfo", {"stackEntries": ["a", "b"], "detail": "c"}),
        ("RequestInfo", {"requestId": "r", "servingData": "s"}),
        ("ResourceInfo", {"resourceType": "t", "resourceName": "n", "owner": "o", "description": "d"}),
        ("Help", {"links": [{"description": "read", "url": "https://example.org"}]}),
        ("LocalizedMessage", {"locale": "en", "message": "too much"}),
    ],
    "the details",
)

expect(rpc_status.from_call(failure("Plain")), None, "an error without details")
channel.close()
print("every case holds")
