"""Attacks grpc.testing.TestService with compressed messages: compression_attacks.py PORT ATTACK.

Prints "attacked" when all is sent and answered as it must be, and holds its connection open until standard input ends. Fails
at the first answer that is wrong.
"""

import collections
import gzip
import socket
import sys
import zlib

import h2.config
import h2.connection
import h2.events

from interop_protos import messages, payload

MIB = 1 << 20
LIMIT = 4 * MIB


class Client:
    """An HTTP/2 connection, and what came back on each stream."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(30)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.headers = {}
        self.data = collections.defaultdict(bytes)
        self.ended = set()
        self.settled = False
        while not self.settled:
            self.receive()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def receive(self):
        self.flush()
        data = self.socket.recv(1 << 16)
        if not data:
            sys.exit(f"{attack}: the server closed the connection")
        for event in self.h2.receive_data(data):
            match event:
                case h2.events.RemoteSettingsChanged():
                    self.settled = True
                case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                    self.headers.setdefault(event.stream_id, {}).update(event.headers)
                case h2.events.DataReceived():
                    self.data[event.stream_id] += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded() | h2.events.StreamReset():
                    self.ended.add(event.stream_id)
                case h2.events.ConnectionTerminated():
                    sys.exit(f"{attack}: the server said GOAWAY {event.error_code}")

    def open(self, method, encoding="gzip", accepted=None):
        stream = self.h2.get_next_available_stream_id()
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", f"/grpc.testing.TestService/{method}"),
            (":authority", "attacked"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        ]
        if encoding:
            headers.append(("grpc-encoding", encoding))
        if accepted:
            headers.append(("grpc-accept-encoding", accepted))
        self.h2.send_headers(stream, headers)
        return stream

    def send(self, stream, data, end=False, patient=True):
        """Sends all of it, or, when not patient, only what the windows take. Returns how much that was."""
        sent = 0
        while sent < len(data) and stream not in self.ended:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room > 0:
                self.h2.send_data(stream, data[sent : sent + room])
                sent += room
                if len(self.h2._data_to_send) > MIB:
                    self.flush()
            elif patient:
                self.receive()
            else:
                break
        if end and stream not in self.ended:
            self.h2.end_stream(stream)
        return min(sent, len(data))

    def status(self, stream):
        while stream not in self.ended:
            self.receive()
        return int(self.headers[stream]["grpc-status"])


def framed(data, flag=1):
    return bytes([flag]) + len(data).to_bytes(4) + data


def bomb(wire_size):
    """A gzip member without end that inflates to a thousand times its size."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = deflate.compress(bytes(MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(bytes(MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return (head + block * (wire_size // len(block)))[:wire_size]


def expect(actual, wanted, what):
    if actual != wanted:
        sys.exit(f"{attack}: {what}: got {actual!r}, wanted {wanted!r}")


# A regular message, 4 MiB when it is inflated.
LARGE = gzip.compress(messages.SimpleRequest(payload=payload(LIMIT - 100)).SerializeToString())


def bombs():
    """Messages of up to the limit that would become 4 GiB; and the shortest that are too much."""
    long, short = framed(bomb(LIMIT)), framed(bomb(LIMIT // 800))
    for message, count in [(long, 8), (short, 200)]:
        for _ in range(count):
            stream = client.open("UnaryCall")
            client.send(stream, message, end=True)
            expect(client.status(stream), 8, "the status of a bomb")
    for method in ["StreamingInputCall", "FullDuplexCall", "StreamingOutputCall"]:
        stream = client.open(method)
        client.send(stream, long, end=True)
        expect(client.status(stream), 8, f"the status of a bomb for {method}")


def flood():
    """Streams whose handler sleeps, filled with messages that would become 13 GiB."""
    parameters = [messages.ResponseParameters(size=1, interval_us=2_000_000_000)]
    first = messages.StreamingOutputCallRequest(response_parameters=parameters).SerializeToString()
    waiting = gzip.compress(messages.StreamingOutputCallRequest(payload=payload(LIMIT - 100)).SerializeToString())
    would_be = 0
    for _ in range(50):
        stream = client.open("FullDuplexCall")
        client.send(stream, framed(first, flag=0))
        # What was received of a message that is not complete may be given back: go on until nothing is.
        while client.send(stream, framed(waiting), patient=False) == len(framed(waiting)):
            would_be += LIMIT
        expect(stream in client.ended, False, "whether a call that is not read has ended")
    print(f"{would_be >> 20} MiB wait to be inflated", flush=True)
    settle()


def half_open():
    """Unary calls with a request each, but not their end: 8 GiB."""
    for _ in range(2000):
        stream = client.open("UnaryCall")
        client.send(stream, framed(LARGE))
    settle()


def malformed():
    """What can't be read, or is said wrongly."""
    body = messages.SimpleRequest(response_size=3).SerializeToString() * 20
    good = gzip.compress(body)
    for encoding, data, flag, status, what in [
        ("gzip", good, 1, 0, "a compressed request"),
        ("gzip", body, 0, 0, "a request that is not, on a call that may be"),
        ("deflate", zlib.compress(body), 1, 0, "a request in zlib's format"),
        ("gzip", gzip.compress(body) + gzip.compress(b""), 1, 0, "a request in two members"),
        (None, good, 1, 13, "a compressed request without an encoding"),
        ("identity", good, 1, 13, "a compressed request with the encoding identity"),
        ("gzip", good[:-3], 1, 13, "a request that is cut short"),
        ("gzip", good + b"\0", 1, 13, "a request with something behind it"),
        ("gzip", body, 1, 13, "a request that is not gzip"),
        ("gzip", b"", 1, 13, "a request of nothing"),
        ("gzip", good, 2, 13, "a flag that is none"),
        ("snappy", good, 1, 12, "an encoding that is not supported"),
    ]:
        stream = client.open("UnaryCall", encoding)
        client.send(stream, framed(data, flag), end=True)
        expect(client.status(stream), status, what)
        if status == 12:
            expect(client.headers[stream]["grpc-accept-encoding"], "identity,deflate,gzip", "what is supported")


def negotiation():
    """Responses that are to be compressed, for clients that take other things."""
    request = messages.SimpleRequest(response_size=1000, response_compressed=messages.BoolValue(value=True))
    for accepted, encoding in [
        (None, None),
        ("identity", None),
        ("deflate,snappy", None),
        ("gzip", "gzip"),
        ("identity, deflate, gzip", "gzip"),
    ]:
        stream = client.open("UnaryCall", None, accepted)
        client.send(stream, framed(request.SerializeToString(), flag=0), end=True)
        expect(client.status(stream), 0, "the status")
        expect(client.headers[stream].get("grpc-encoding"), encoding, f"the encoding for a client that takes {accepted}")
        flag, body = client.data[stream][0], client.data[stream][5:]
        expect(flag, 1 if encoding else 0, "the response's flag")
        response = messages.SimpleResponse.FromString(gzip.decompress(body) if encoding else body)
        expect(response.payload.body, bytes(1000), "the response")


def settle():
    """Returns when the server has handled all that was sent."""
    stream = client.open("EmptyCall", None)
    client.send(stream, framed(b"", flag=0), end=True)
    expect(client.status(stream), 0, "the status of a regular call")


ATTACKS = {function.__name__: function for function in [bombs, flood, half_open, malformed, negotiation]}

attack = sys.argv[2]
client = Client(int(sys.argv[1]))
ATTACKS[attack]()
print("attacked", flush=True)
sys.stdin.read()
