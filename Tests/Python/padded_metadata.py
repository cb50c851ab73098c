"""Calls /test.Echo/Unary with metadata that has blanks around its values, which HTTP/2 forbids and grpcio does not send.

padded_metadata.py PORT VALUE: prints the status and the message that `authorization: VALUE` is answered with, or the code of the
reset.
"""

import socket
import sys

import h2.config
import h2.connection
import h2.events

sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
connection = h2.connection.H2Connection(
    h2.config.H2Configuration(
        header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False
    )
)
connection.initiate_connection()
stream = connection.get_next_available_stream_id()
connection.send_headers(
    stream,
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/test.Echo/Unary"),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("authorization", sys.argv[2]),
    ],
)
connection.send_data(stream, bytes(5), end_stream=True)
while True:
    sock.sendall(connection.data_to_send())
    for event in connection.receive_data(sock.recv(65536)):
        if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
            fields = dict(event.headers)
            if "grpc-status" in fields:
                print(fields["grpc-status"], fields.get("grpc-message", ""))
                sys.exit(0)
        if isinstance(event, h2.events.StreamReset):
            sys.exit(f"the stream was reset with {event.error_code}")
        if isinstance(event, h2.events.ConnectionTerminated):
            sys.exit(f"the connection was ended with {event.error_code}")
