"""HTTP/2 by hand: frames are sent as they are built, right or wrong, and what comes back is told as it comes."""

import socket
import struct
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 0x1, 0x1, 0x4, 0x8, 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = (
    range(1, 7)
)

(
    NO_ERROR,
    PROTOCOL_ERROR,
    INTERNAL_ERROR,
    FLOW_CONTROL_ERROR,
    SETTINGS_TIMEOUT,
    STREAM_CLOSED,
    FRAME_SIZE_ERROR,
    REFUSED_STREAM,
    CANCEL,
    COMPRESSION_ERROR,
    CONNECT_ERROR,
    ENHANCE_YOUR_CALM,
) = range(12)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", key, value) for key, value in pairs))


def ping(payload=b"12345678", flags=0):
    return frame(PING, flags, payload=payload)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, stream=stream, payload=struct.pack(">I", increment))


def rst_stream(stream, code):
    return frame(RST_STREAM, stream=stream, payload=struct.pack(">I", code))


def data(stream, payload=b"", flags=0):
    return frame(DATA, flags, stream, payload)


def message(payload=b"", length=None):
    """A length-prefixed message of gRPC, which may announce another length than it has."""
    return struct.pack(">BI", 0, len(payload) if length is None else length) + payload


def request(method="Echo", *more):
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", f"/test.Target/{method}"),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *more,
    ]


class Frame:
    def __init__(self, kind, flags, stream, payload):
        self.kind, self.flags, self.stream, self.payload = kind, flags, stream, payload
        self.fields = {}

    @property
    def code(self):
        """The error of a RST_STREAM or GOAWAY."""
        return struct.unpack(">I", self.payload[:4] if self.kind == RST_STREAM else self.payload[4:8])[0]

    @property
    def debug(self):
        return self.payload[8:].decode(errors="replace")

    def __repr__(self):
        return f"<kind {self.kind} flags {self.flags:#x} stream {self.stream} {self.payload[:32]!r}>"


class Closed(Exception):
    """The server has closed the connection."""


class Peer:
    """A connection to the server under test."""

    def __init__(self, port, preface=True, pairs=(), timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 24
        self.received = b""
        self.next_stream = 1
        self.unanswered_settings = 1 if preface else 0
        self.acknowledges = preface
        self.goaway = None
        if preface:
            self.send(PREFACE + settings(*pairs))

    def send(self, frames):
        self.socket.sendall(frames)

    def try_to_send(self, frames):
        """Sends as far as the server takes it; false when it has closed."""
        try:
            self.send(frames)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def change(self, *pairs):
        """Sends SETTINGS, which the server acknowledges."""
        self.unanswered_settings += 1
        self.send(settings(*pairs))

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def headers(self, fields, end_stream=False, stream=None, flags=END_HEADERS):
        """A HEADERS frame, on a new stream if none is given."""
        if stream is None:
            stream = self.take_stream()
        block = self.encoder.encode(fields, huffman=False)
        return frame(HEADERS, flags | (END_STREAM if end_stream else 0), stream, block)

    def take_stream(self):
        self.next_stream += 2
        return self.next_stream - 2

    def receive(self):
        """The next frame.

        Raises Closed at the end, socket.timeout when none comes.
        """
        while True:
            if len(self.received) >= 9:
                length = int.from_bytes(self.received[:3], "big")
                if len(self.received) >= 9 + length:
                    kind, flags, stream = struct.unpack(">BBI", self.received[3:9])
                    payload, self.received = self.received[9 : 9 + length], self.received[9 + length :]
                    if kind == SETTINGS and flags & ACK:
                        self.unanswered_settings -= 1
                    elif kind == SETTINGS and self.acknowledges:
                        self.try_to_send(frame(SETTINGS, ACK))
                    if kind == GOAWAY:
                        self.goaway = Frame(kind, flags, stream, payload)
                    got = Frame(kind, flags, stream & 0x7FFFFFFF, payload)
                    if kind == HEADERS and flags & END_HEADERS:
                        got.fields = dict(self.decoder.decode(payload))
                    return got
            try:
                more = self.socket.recv(1 << 16)
            except ConnectionResetError:
                raise Closed("reset") from None
            if not more:
                raise Closed("end")
            self.received += more

    def until(self, wanted):
        """The frames up to one that is wanted, which is the last."""
        frames = []
        while not frames or not wanted(frames[-1]):
            frames.append(self.receive())
        return frames

    def fence(self):
        """What the server has to say to all that was sent: the frames up to the answer to SETTINGS.

        Raises Closed when it closes instead.
        """
        frames = []
        # An ACK overtakes what waits to be sent along with it; the second one can't overtake that.
        for _ in range(2):
            self.try_to_send(settings())
            self.unanswered_settings += 1
            while self.unanswered_settings:
                frames.append(self.receive())
        return [f for f in frames if f.kind != SETTINGS or not f.flags & ACK]

    def rest(self):
        """The frames up to the end of the connection."""
        frames = []
        try:
            while True:
                frames.append(self.receive())
        except Closed:
            return frames

    def call(self, method="Echo", payload=b"hi"):
        """Makes a unary call; the status, or None when the server does not answer it."""
        stream = self.take_stream()
        self.send(self.headers(request(method), stream=stream) + data(stream, message(payload), END_STREAM))
        status = None
        for got in self.until(lambda f: f.stream == stream and (f.kind == RST_STREAM or f.flags & END_STREAM)):
            if got.kind == HEADERS:
                status = got.fields.get("grpc-status", status)
        return None if status is None else int(status)
