"""The code of Protos/grpc/testing: test, messages, empty, and the stubs in services. Generated when this is imported."""

import pathlib
import sys
import tempfile

import grpc
from grpc_tools import protoc

_protos = pathlib.Path(__file__).resolve().parents[2] / "Protos"

with tempfile.TemporaryDirectory() as _folder:
    _arguments = [f"--proto_path={_protos}", f"--python_out={_folder}", f"--grpc_python_out={_folder}"]
    if protoc.main(["protoc", *_arguments, *(f"grpc/testing/{name}.proto" for name in ["empty", "messages", "test"])]) != 0:
        sys.exit(f"protoc could not generate code from {_protos}")
    # Its package lies within grpc's own.
    grpc.__path__.append(f"{_folder}/grpc")
    from grpc.testing import empty_pb2 as empty
    from grpc.testing import messages_pb2 as messages
    from grpc.testing import test_pb2_grpc as services

__all__ = ["empty", "messages", "services"]


def payload(size):
    """Zeros."""
    return messages.Payload(body=bytes(size))


def large_request(**more):
    """271,828 bytes that ask for 314,159."""
    return messages.SimpleRequest(response_size=314_159, payload=payload(271_828), **more)
