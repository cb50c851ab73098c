"""The rules of RFC 9113 and 7541 that bind a server, each tried with raw frames: `http2_cases.py PORT`.

Prints one line of JSON for each case; `failure` is null when the server did as the rule says.
"""

import concurrent.futures
import json
import sys

from http2_raw import *

CASES = []


def case(section, rule):
    """The function gets a new connection, whose preface was sent."""

    def add(function):
        CASES.append((section, rule, function, True))
        return function

    return add


def bare_case(section, rule):
    """The function gets a new connection, and nothing was sent on it."""

    def add(function):
        CASES.append((section, rule, function, False))
        return function

    return add


class Failure(Exception):
    pass


# What is expected.


def connection_error(peer, *codes):
    frames = peer.rest()
    if not peer.goaway:
        raise Failure(f"no GOAWAY, but {frames}")
    if peer.goaway.code not in codes:
        raise Failure(f"GOAWAY with {peer.goaway.code}, not with one of {codes}")


def stream_error(peer, stream, *codes):
    """RST_STREAM; the connection lives on. A rule may also be held with an error of the connection."""
    try:
        frames = peer.fence()
    except Closed:
        frames = []
    if peer.goaway:
        if peer.goaway.code not in codes:
            raise Failure(f"GOAWAY with {peer.goaway.code}, not with one of {codes}")
        return
    resets = [f for f in frames if f.kind == RST_STREAM and f.stream == stream]
    if not resets:
        raise Failure(f"no RST_STREAM, but {frames}")
    if resets[0].code not in codes:
        raise Failure(f"RST_STREAM with {resets[0].code}, not with one of {codes}")
    alive(peer)


def closed_or_ignored(peer, stream):
    """An error, or nothing: the server does not remember streams that have ended."""
    try:
        resets = [f for f in peer.fence() if f.kind == RST_STREAM and f.stream == stream]
        check(all(f.code == STREAM_CLOSED for f in resets), f"{resets}")
    except Closed:
        check(peer.goaway and peer.goaway.code == STREAM_CLOSED, f"closed, {peer.goaway}")
    else:
        alive(peer)


def alive(peer):
    """A call goes through."""
    try:
        status = peer.call()
    except Closed:
        raise Failure(f"closed, {peer.goaway}") from None
    if status != 0:
        raise Failure(f"a good call ended with status {status}")


def check(condition, what):
    if not condition:
        raise Failure(what)


def open_call(peer, method="Chat", end_stream=False):
    """A stream whose request is not ended, or only of a call that never answers if it is."""
    stream = peer.take_stream()
    peer.send(peer.headers(request(method), stream=stream, end_stream=end_stream))
    return stream


def answer(peer, stream):
    """The stream's frames, up to its end."""
    return [
        f
        for f in peer.until(lambda f: f.stream == stream and (f.kind == RST_STREAM or f.flags & END_STREAM))
        if f.stream == stream
    ]


# 3.4 Connection preface


@bare_case("3.4", "An invalid preface ends the connection")
def _(peer):
    peer.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    peer.rest()


@bare_case("3.4", "The preface must be followed by SETTINGS")
def _(peer):
    peer.send(PREFACE + ping())
    connection_error(peer, PROTOCOL_ERROR)


@bare_case("3.4", "The server's first frame is SETTINGS")
def _(peer):
    peer.acknowledges = True
    peer.send(PREFACE + settings())
    first = peer.receive()
    check(first.kind == SETTINGS and not first.flags & ACK, f"the first frame is {first}")


@bare_case("3.4", "The preface may come byte by byte")
def _(peer):
    peer.acknowledges = True
    peer.unanswered_settings = 1
    for byte in PREFACE + settings():
        peer.send(bytes([byte]))
    alive(peer)


@bare_case("3.4", "Requests may follow the preface at once")
def _(peer):
    peer.acknowledges = True
    peer.unanswered_settings = 1
    peer.send(PREFACE + settings() + peer.headers(request(), stream=1) + data(1, message(b"x"), END_STREAM))
    check(any(f.kind == DATA for f in answer(peer, 1)), "no answer")


# 4 Frames


@case("4.1", "Frames of unknown types are ignored")
def _(peer):
    stream = open_call(peer)
    peer.send(frame(0x16, 0, 0, b"x" * 100) + frame(0xEF, 0xFF, stream, b"") + frame(0x20, 0, 999, b"y"))
    alive(peer)


@case("4.1", "Undefined flags are ignored")
def _(peer):
    peer.send(ping(flags=0xFE))
    stream = peer.take_stream()
    peer.send(peer.headers(request(), stream=stream, flags=END_HEADERS | 0x52))
    peer.send(data(stream, message(), END_STREAM | 0xF6))
    check(any(f.kind == HEADERS for f in answer(peer, stream)), "no answer")


@case("4.1", "The reserved bit of a stream identifier is ignored")
def _(peer):
    peer.send(frame(PING, 0, 0x80000000, b"reserved"))
    peer.until(lambda f: f.kind == PING and f.payload == b"reserved")
    alive(peer)


@case("4.2", "DATA larger than SETTINGS_MAX_FRAME_SIZE")
def _(peer):
    stream = open_call(peer)
    peer.send(data(stream, b"x" * 16385))
    stream_error(peer, stream, FRAME_SIZE_ERROR)


@case("4.2", "HEADERS larger than SETTINGS_MAX_FRAME_SIZE")
def _(peer):
    peer.send(peer.headers(request("Echo", ("x", "v" * 17000))))
    connection_error(peer, FRAME_SIZE_ERROR)


@case("4.2", "A frame of 2^14 bytes is taken")
def _(peer):
    stream = open_call(peer)
    peer.send(data(stream, message(b"x" * (16384 - 5)), END_STREAM))
    check(sum(len(f.payload) for f in answer(peer, stream) if f.kind == DATA) == 16384, "not echoed")


@case("4.2", "A frame of 2^24-1 bytes is refused at its header")
def _(peer):
    stream = open_call(peer)
    peer.send(b"\xff\xff\xff" + struct.pack(">BBI", DATA, 0, stream))
    connection_error(peer, FRAME_SIZE_ERROR)


for kind, name, size, stream in [
    (PRIORITY, "PRIORITY", 4, 1),
    (RST_STREAM, "RST_STREAM", 3, 1),
    (RST_STREAM, "RST_STREAM", 5, 1),
    (SETTINGS, "SETTINGS", 3, 0),
    (SETTINGS, "SETTINGS", 7, 0),
    (PING, "PING", 6, 0),
    (PING, "PING", 9, 0),
    (GOAWAY, "GOAWAY", 7, 0),
    (WINDOW_UPDATE, "WINDOW_UPDATE", 3, 0),
    (WINDOW_UPDATE, "WINDOW_UPDATE", 5, 1),
]:

    @case("6", f"{name} of {size} bytes")
    def _(peer, kind=kind, size=size, stream=stream):
        if stream:
            stream = open_call(peer)
        peer.send(frame(kind, 0, stream, b"\0" * size))
        stream_error(peer, stream, FRAME_SIZE_ERROR)


@case("6.5", "SETTINGS with ACK and a payload")
def _(peer):
    peer.send(frame(SETTINGS, ACK, 0, b"\0\1\0\0\0\0"))
    connection_error(peer, FRAME_SIZE_ERROR)


# Identifiers: where frames belong

for kind, name, size in [(DATA, "DATA", 8), (PRIORITY, "PRIORITY", 5), (RST_STREAM, "RST_STREAM", 4)]:

    @case("6", f"{name} on stream 0")
    def _(peer, kind=kind, size=size):
        peer.send(frame(kind, 0, 0, b"\0" * size))
        connection_error(peer, PROTOCOL_ERROR)


@case("6.2", "HEADERS on stream 0")
def _(peer):
    peer.send(peer.headers(request(), stream=0))
    connection_error(peer, PROTOCOL_ERROR)


@case("6.10", "CONTINUATION on stream 0")
def _(peer):
    peer.send(peer.headers(request(), stream=1, flags=0) + frame(CONTINUATION, END_HEADERS, 0, b""))
    connection_error(peer, PROTOCOL_ERROR)


for kind, name, size in [(SETTINGS, "SETTINGS", 6), (PING, "PING", 8), (GOAWAY, "GOAWAY", 8)]:

    @case("6", f"{name} on a stream")
    def _(peer, kind=kind, size=size):
        stream = open_call(peer)
        peer.send(frame(kind, 0, stream, b"\0" * size))
        connection_error(peer, PROTOCOL_ERROR)


@case("6.6", "PUSH_PROMISE of a client")
def _(peer):
    stream = open_call(peer)
    peer.send(frame(PUSH_PROMISE, END_HEADERS, stream, struct.pack(">I", 2) + b"\x82"))
    connection_error(peer, PROTOCOL_ERROR)


@case("5.1.1", "A client opens a stream with an even number")
def _(peer):
    peer.send(peer.headers(request(), stream=2))
    connection_error(peer, PROTOCOL_ERROR)


@case("5.1.1", "A client opens a stream with a lower number than one before")
def _(peer):
    peer.send(peer.headers(request("Chat"), stream=5) + peer.headers(request("Chat"), stream=3))
    connection_error(peer, PROTOCOL_ERROR, STREAM_CLOSED)


@case("5.1.1", "Numbers may be left out")
def _(peer):
    peer.next_stream = 101
    alive(peer)
    peer.next_stream = 100_001
    alive(peer)


@case("5.1.1", "The last number can be used")
def _(peer):
    peer.next_stream = 0x7FFFFFFF
    alive(peer)


# 5.1 Stream states

for name, frames in [
    ("DATA", lambda s: data(s, b"x")),
    ("RST_STREAM", lambda s: rst_stream(s, CANCEL)),
    ("WINDOW_UPDATE", lambda s: window_update(s, 100)),
    ("CONTINUATION", lambda s: frame(CONTINUATION, END_HEADERS, s, b"\x82")),
]:

    @case("5.1", f"{name} on an idle stream")
    def _(peer, frames=frames):
        peer.send(frames(1))
        connection_error(peer, PROTOCOL_ERROR)


@case("5.1", "PRIORITY on an idle stream is no error")
def _(peer):
    peer.send(frame(PRIORITY, 0, 7, b"\0\0\0\0\x10"))
    alive(peer)


@case("5.1", "DATA after END_STREAM")
def _(peer):
    stream = open_call(peer, "Unread", end_stream=True)
    peer.send(data(stream, b"x"))
    stream_error(peer, stream, STREAM_CLOSED)


@case("5.1", "HEADERS after END_STREAM")
def _(peer):
    stream = open_call(peer, "Unread", end_stream=True)
    peer.send(peer.headers(request(), stream=stream))
    stream_error(peer, stream, STREAM_CLOSED)


@case("5.1", "CONTINUATION after END_STREAM")
def _(peer):
    stream = open_call(peer, "Unread", end_stream=True)
    peer.send(frame(CONTINUATION, END_HEADERS, stream, b"\x82"))
    connection_error(peer, STREAM_CLOSED, PROTOCOL_ERROR)


@case("5.1", "WINDOW_UPDATE and RST_STREAM after END_STREAM are no errors")
def _(peer):
    stream = open_call(peer, "Unread", end_stream=True)
    peer.send(window_update(stream, 100) + rst_stream(stream, CANCEL))
    alive(peer)


@case("5.1", "DATA after RST_STREAM")
def _(peer):
    stream = open_call(peer)
    peer.send(rst_stream(stream, CANCEL) + data(stream, b"x"))
    closed_or_ignored(peer, stream)


@case("5.1", "HEADERS after RST_STREAM")
def _(peer):
    stream = open_call(peer)
    peer.send(rst_stream(stream, CANCEL) + peer.headers(request(), stream=stream))
    stream_error(peer, stream, STREAM_CLOSED)


@case("5.1", "HEADERS on a stream that both sides have ended")
def _(peer):
    check(peer.call() == 0, "no answer")
    peer.send(peer.headers(request(), stream=1))
    connection_error(peer, STREAM_CLOSED)


@case("5.1", "DATA on a stream that both sides have ended")
def _(peer):
    check(peer.call() == 0, "no answer")
    peer.send(data(1, b"x"))
    closed_or_ignored(peer, 1)


@case("5.1", "WINDOW_UPDATE, RST_STREAM and PRIORITY on a closed stream are no errors")
def _(peer):
    check(peer.call() == 0, "no answer")
    peer.send(window_update(1, 1) + rst_stream(1, CANCEL) + frame(PRIORITY, 0, 1, b"\0\0\0\0\1"))
    alive(peer)


@case("5.1", "What comes late on a stream that the server has reset is no error")
def _(peer):
    stream = peer.take_stream()
    peer.send(peer.headers(replaced(":path", "/none"), stream=stream))
    peer.until(lambda f: f.kind == RST_STREAM and f.stream == stream)
    peer.send(data(stream, message(b"late")) + data(stream, b"", END_STREAM))
    alive(peer)


@case("5.1.2", "DATA on a stream that was refused is no error")
def _(peer):
    batch = b""
    for _ in range(300):
        stream = peer.take_stream()
        batch += peer.headers(request("Chat"), stream=stream) + data(stream, message(b"x"))
    peer.send(batch)
    refused = [f for f in peer.fence() if f.kind == RST_STREAM]
    check(refused and all(f.code == REFUSED_STREAM for f in refused), f"{refused}")
    peer.send(rst_stream(1, CANCEL))
    alive(peer)


@case("5.1.2", "More streams than SETTINGS_MAX_CONCURRENT_STREAMS")
def _(peer):
    limit = None
    for key, value in struct.iter_unpack(">HI", peer.until(lambda f: f.kind == SETTINGS)[-1].payload):
        limit = value if key == MAX_CONCURRENT_STREAMS else limit
    check(limit is not None and limit <= 200, f"the case wants a limit of at most 200, it is {limit}")
    for _ in range(limit + 1):
        last = open_call(peer)
    stream_error_only = [PROTOCOL_ERROR, REFUSED_STREAM]
    try:
        frames = peer.fence()
    except Closed:
        frames = []
    codes = [f.code for f in frames if f.kind == RST_STREAM and f.stream == last] + (
        [peer.goaway.code] if peer.goaway else []
    )
    check(codes and codes[0] in stream_error_only, f"{codes}, {frames}")


@case("5.3.1", "A stream depends on itself: ignored, as priorities are")
def _(peer):
    peer.send(frame(PRIORITY, 0, 1, b"\0\0\0\1\x10"))
    try:
        peer.fence()
    except Closed:
        check(peer.goaway and peer.goaway.code == PROTOCOL_ERROR, f"closed, {peer.goaway}")


@case("5.4", "After an error of a stream the connection goes on")
def _(peer):
    stream = open_call(peer)
    peer.send(window_update(stream, 0))
    stream_error(peer, stream, PROTOCOL_ERROR)


@case("5.4.1", "GOAWAY names the last stream that was taken")
def _(peer):
    stream = open_call(peer)
    peer.fence()
    peer.send(ping(b"short"))
    connection_error(peer, FRAME_SIZE_ERROR)
    last = struct.unpack(">I", peer.goaway.payload[:4])[0]
    check(last == stream, f"it names {last}, not {stream}")


# 6.1 DATA


@case("6.1", "Padding is taken off, and counts for the window")
def _(peer):
    stream = open_call(peer)
    payload = message(b"padded")
    peer.send(data(stream, bytes([200]) + payload + b"\0" * 200, PADDED | END_STREAM))
    echoed = b"".join(f.payload for f in answer(peer, stream) if f.kind == DATA)
    check(echoed == payload, f"echoed {echoed!r}")


@case("6.1", "DATA may be all padding")
def _(peer):
    stream = open_call(peer)
    peer.send(data(stream, b"\x0a" + b"\0" * 10, PADDED) + data(stream, message(), END_STREAM))
    check(any(f.kind == HEADERS for f in answer(peer, stream)), "no answer")


@case("6.1", "More padding than DATA has room for")
def _(peer):
    stream = open_call(peer)
    peer.send(data(stream, b"\x0b" + b"\0" * 10, PADDED))
    connection_error(peer, PROTOCOL_ERROR)


@case("6.1", "PADDED without the field that says how much")
def _(peer):
    stream = open_call(peer)
    peer.send(data(stream, b"", PADDED))
    connection_error(peer, PROTOCOL_ERROR, FRAME_SIZE_ERROR)


@case("6.1", "Windows are given back for padding, too")
def _(peer):
    stream = open_call(peer, "Unread")
    for _ in range(100):
        peer.send(data(stream, b"\xff" + b"\0" * 255, PADDED))
    peer.fence()
    alive(peer)


# 6.2 HEADERS


@case("6.2", "Padding and priority of HEADERS are taken off")
def _(peer):
    block = peer.encoder.encode(request(), huffman=False)
    payload = b"\x05" + struct.pack(">IB", 0, 15) + block + b"\0" * 5
    peer.send(frame(HEADERS, END_HEADERS | PADDED | PRIORITIZED, 1, payload) + data(1, message(), END_STREAM))
    check(any(f.kind == HEADERS for f in answer(peer, 1)), "no answer")


@case("6.2", "More padding than HEADERS has room for")
def _(peer):
    block = peer.encoder.encode(request(), huffman=False)
    peer.send(frame(HEADERS, END_HEADERS | PADDED, 1, bytes([len(block) + 1]) + block))
    connection_error(peer, PROTOCOL_ERROR)


@case("6.2", "HEADERS too short for the priority that it announces")
def _(peer):
    peer.send(frame(HEADERS, END_HEADERS | PRIORITIZED, 1, b"\0\0"))
    connection_error(peer, FRAME_SIZE_ERROR, PROTOCOL_ERROR)


for name, other in [
    ("DATA", lambda peer: data(1, b"x")),
    ("HEADERS", lambda peer: peer.headers(request(), stream=3)),
    ("PING", lambda peer: ping()),
    ("an unknown frame", lambda peer: frame(0x33, 0, 0, b"x")),
    ("CONTINUATION of another stream", lambda peer: frame(CONTINUATION, END_HEADERS, 3, b"")),
]:

    @case("6.2", f"{name} within a block of headers")
    def _(peer, other=other):
        peer.send(peer.headers(request(), stream=1, flags=0) + other(peer))
        connection_error(peer, PROTOCOL_ERROR)


# 6.4 RST_STREAM, 6.5 SETTINGS


@case("6.4", "RST_STREAM with an unknown code ends the stream")
def _(peer):
    stream = open_call(peer)
    peer.send(rst_stream(stream, 0xFFFF))
    alive(peer)


@case("6.5", "SETTINGS are acknowledged, each")
def _(peer):
    peer.send(settings() + settings((MAX_FRAME_SIZE, 20000)) + settings((0x99, 7)))
    acks = 0
    while acks < 4:
        got = peer.receive()
        acks += got.kind == SETTINGS and got.flags & ACK
    alive(peer)


@case("6.5.2", "Unknown settings are ignored")
def _(peer):
    peer.send(settings((0x0, 1), (0x99, 0xFFFFFFFF), (0xFFFF, 0)))
    alive(peer)


for key, name, value, code in [
    (ENABLE_PUSH, "ENABLE_PUSH", 2, PROTOCOL_ERROR),
    (INITIAL_WINDOW_SIZE, "INITIAL_WINDOW_SIZE", 0x80000000, FLOW_CONTROL_ERROR),
    (MAX_FRAME_SIZE, "MAX_FRAME_SIZE", 16383, PROTOCOL_ERROR),
    (MAX_FRAME_SIZE, "MAX_FRAME_SIZE", 0x1000000, PROTOCOL_ERROR),
]:

    @case("6.5.2", f"SETTINGS_{name} of {value}")
    def _(peer, key=key, value=value, code=code):
        peer.send(settings((key, value)))
        connection_error(peer, code)


@case("6.5.2", "The last of two values of a setting holds")
def _(peer):
    peer.change((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1))
    peer.fence()
    stream = open_call(peer, "Echo")
    peer.send(data(stream, message(b"12345"), END_STREAM))
    frames = peer.fence()
    sent = sum(len(f.payload) for f in frames if f.kind == DATA)
    check(sent == 1, f"{sent} bytes came through a window of 1")


@case("6.5.2", "No frame is larger than the client's SETTINGS_MAX_FRAME_SIZE")
def _(peer):
    peer.change((INITIAL_WINDOW_SIZE, 1 << 24), (MAX_FRAME_SIZE, 16384))
    peer.send(window_update(0, 1 << 24))
    stream = open_call(peer, "Large")
    peer.send(data(stream, message(), END_STREAM))
    sizes = [len(f.payload) for f in answer(peer, stream) if f.kind == DATA]
    check(max(sizes) <= 16384 and sum(sizes) == (1 << 20) + 5, f"{max(sizes)}, {sum(sizes)}")


@case("6.5.3", "A table of size 0 is announced before it is used")
def _(peer):
    peer.change((HEADER_TABLE_SIZE, 0))
    peer.fence()
    peer.decoder.max_allowed_table_size = 0
    for _ in range(3):
        alive(peer)


# 6.7 PING, 6.8 GOAWAY


@case("6.7", "PING is answered with its payload")
def _(peer):
    peer.send(ping(b"\x01\x02\x03\x04\x05\x06\x07\x08"))
    got = peer.until(lambda f: f.kind == PING)[-1]
    check(got.flags == ACK and got.payload == b"\x01\x02\x03\x04\x05\x06\x07\x08" and got.stream == 0, f"{got}")


@case("6.7", "PING with ACK is not answered")
def _(peer):
    peer.send(ping(b"unwanted", ACK))
    check(not any(f.kind == PING for f in peer.fence()), "it was")


@case("6.8", "After GOAWAY of the client its open calls go on, whatever code it has")
def _(peer):
    stream = open_call(peer)
    peer.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0xFF00FF) + b"because") + data(stream, message(b"x"), END_STREAM))
    check(any(f.kind == DATA for f in answer(peer, stream)), "no answer")


# 6.9 Flow control


@case("6.9", "A stream's window holds back the answer, and WINDOW_UPDATE lets it go on")
def _(peer):
    peer.change((INITIAL_WINDOW_SIZE, 0))
    peer.fence()
    stream = open_call(peer, "Echo")
    peer.send(data(stream, message(b"held"), END_STREAM))
    check(not any(f.kind == DATA for f in peer.fence()), "DATA came without a window")
    peer.send(window_update(stream, 9))
    check(any(f.kind == DATA for f in answer(peer, stream)), "no DATA")


@case("6.9", "The connection's window holds back answers")
def _(peer):
    peer.change((INITIAL_WINDOW_SIZE, 1 << 24))
    stream = open_call(peer, "Large")
    peer.send(data(stream, message(), END_STREAM))
    got = 0
    while got < 65535:
        f = peer.receive()
        got += len(f.payload) if f.kind == DATA else 0
    check(not any(f.kind == DATA for f in peer.fence()), "more than the window")
    peer.send(window_update(0, 1 << 24))
    answer(peer, stream)
    alive(peer)


@case("6.9", "WINDOW_UPDATE of 0 on a stream")
def _(peer):
    stream = open_call(peer)
    peer.send(window_update(stream, 0))
    stream_error(peer, stream, PROTOCOL_ERROR)


@case("6.9", "WINDOW_UPDATE of 0 on the connection")
def _(peer):
    peer.send(window_update(0, 0))
    connection_error(peer, PROTOCOL_ERROR)


@case("6.9.1", "A stream's window over 2^31-1")
def _(peer):
    stream = open_call(peer)
    peer.send(window_update(stream, 0x7FFFFFFF))
    stream_error(peer, stream, FLOW_CONTROL_ERROR)


@case("6.9.1", "The connection's window over 2^31-1")
def _(peer):
    peer.send(window_update(0, 0x7FFFFFFF))
    connection_error(peer, FLOW_CONTROL_ERROR)


@case("6.9.1", "The reserved bit of an increment is ignored")
def _(peer):
    peer.send(window_update(0, 0x80000001))
    alive(peer)


@case("6.9.2", "A change of the initial window moves those of open streams, below zero too")
def _(peer):
    peer.change((INITIAL_WINDOW_SIZE, 3))
    peer.fence()
    stream = open_call(peer, "Echo")
    peer.send(data(stream, message(b"0123456789"), END_STREAM))
    peer.until(lambda f: f.kind == DATA)
    peer.change((INITIAL_WINDOW_SIZE, 2))
    peer.send(window_update(stream, 1))
    check(not any(f.kind == DATA for f in peer.fence()), "DATA came on a window of 0")
    peer.change((INITIAL_WINDOW_SIZE, 100))
    check(any(f.kind == DATA for f in answer(peer, stream)), "no DATA")


@case("6.9.2", "A change of the initial window that takes a stream's over 2^31-1")
def _(peer):
    stream = open_call(peer)
    peer.send(window_update(stream, 0x7FFFFFFF - 65535))
    peer.change((INITIAL_WINDOW_SIZE, 65536))
    stream_error(peer, stream, FLOW_CONTROL_ERROR)


@case("6.9", "More DATA than the stream's window")
def _(peer):
    peer.fence()
    stream = open_call(peer, "Unread")
    window = 256 * 1024
    for _ in range(window // 16384 + 1):
        peer.send(data(stream, message(b"x" * 16379)))
    stream_error(peer, stream, FLOW_CONTROL_ERROR)


# 6.10 CONTINUATION


@case("6.10", "A block may come in several frames, also empty ones")
def _(peer):
    block = peer.encoder.encode(request(), huffman=False)
    peer.send(
        frame(HEADERS, END_STREAM, 1, block[:5])
        + frame(CONTINUATION, 0, 1, b"")
        + frame(CONTINUATION, 0, 1, block[5:9])
        + frame(CONTINUATION, END_HEADERS, 1, block[9:])
    )
    check(any(f.kind == HEADERS for f in answer(peer, 1)), "no answer")


@case("6.10", "CONTINUATION without HEADERS before it")
def _(peer):
    stream = open_call(peer)
    peer.send(frame(CONTINUATION, END_HEADERS, stream, b"\x82"))
    connection_error(peer, PROTOCOL_ERROR)


@case("6.10", "CONTINUATION after END_HEADERS")
def _(peer):
    block = peer.encoder.encode(request(), huffman=False)
    peer.send(
        frame(HEADERS, 0, 1, block[:5])
        + frame(CONTINUATION, END_HEADERS, 1, block[5:])
        + frame(CONTINUATION, END_HEADERS, 1, b"")
    )
    connection_error(peer, PROTOCOL_ERROR)


# RFC 7541 HPACK

for name, block in [
    ("An index beyond the tables", b"\xff\xff\xff\x7f"),
    ("Index 0", b"\x80"),
    ("A literal's name at an index beyond the tables", b"\x7f\xff\x7f\x01v"),
    ("An integer that is too large", b"\xff" + b"\xff" * 10 + b"\x01"),
    ("A string that is longer than the block", b"\x00\x7f\xff\x7fabc"),
    ("A block that ends within a field", b"\x00\x05ab"),
    ("A change of the table's size over the limit", b"\x3f\xe1\xff\x7f\x82"),
    ("A change of the table's size after a field", b"\x82\x20"),
    ("Huffman padding longer than 7 bits", b"\x00\x01a\x82\x1f\xff"),
    ("Huffman padding with zeros", b"\x00\x01a\x81\x18"),
    ("The Huffman code of the end", b"\x00\x01a\x84\xff\xff\xff\xff"),
]:

    @case("HPACK", name)
    def _(peer, block=block):
        peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block))
        connection_error(peer, COMPRESSION_ERROR)


@case("HPACK", "A change of the table's size in front of a block is taken")
def _(peer):
    for size in (b"\x20", b"\x3f\xe1\x1f", b"\x20\x3f\xe1\x1f"):
        stream = peer.take_stream()
        # What the encoder put into the table is gone with the size.
        block = hpack.Encoder().encode(request(), huffman=False)
        peer.send(frame(HEADERS, END_HEADERS, stream, size + block) + data(stream, message(), END_STREAM))
        check(any(f.kind == HEADERS for f in answer(peer, stream)), "no answer")


@case("HPACK", "Huffman coding and tables are understood")
def _(peer):
    for _ in range(3):
        stream = peer.take_stream()
        block = peer.encoder.encode(request("Echo", ("x-metadata", "value")), huffman=True)
        peer.send(frame(HEADERS, END_HEADERS, stream, block) + data(stream, message(), END_STREAM))
        check(any(f.kind == HEADERS for f in answer(peer, stream)), "no answer")


@case("HPACK", "A malformed request leaves the tables in step")
def _(peer):
    stream = peer.take_stream()
    block = peer.encoder.encode([*request(), ("UPPER", "case"), ("x-later", "value")], huffman=False)
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block))
    stream_error(peer, stream, PROTOCOL_ERROR)
    stream = peer.take_stream()
    peer.send(peer.headers(request("Echo", ("x-later", "value")), stream=stream) + data(stream, message(), END_STREAM))
    check(any(f.kind == HEADERS for f in answer(peer, stream)), "no answer")


# 8 Malformed requests

without = lambda name: [field for field in request() if field[0] != name]
replaced = lambda name, value: [(n, value if n == name else v) for n, v in request()]

for name, fields in [
    ("A name in upper case", [*request(), ("X-Upper", "v")]),
    ("A name with a space", [*request(), ("x y", "v")]),
    ("A name with a control character", [*request(), ("x\x01", "v")]),
    ("An empty name", [*request(), ("", "v")]),
    ("A value with a line break", [*request(), ("x", "a\r\nb")]),
    ("A value with a zero", [*request(), ("x", "a\0b")]),
    ("An unknown pseudo-header", [(":unknown", "v"), *request()]),
    ("A response's pseudo-header", [(":status", "200"), *request()]),
    ("A pseudo-header after a field", [("x", "v"), *request()]),
    ("No :method", without(":method")),
    ("No :scheme", without(":scheme")),
    ("No :path", without(":path")),
    ("An empty :path", replaced(":path", "")),
    ("Two of :method", [(":method", "POST"), *request()]),
    ("Two of :scheme", [(":scheme", "http"), *request()]),
    ("Two of :path", [(":path", "/"), *request()]),
    ("Two of :authority", [(":authority", "a"), *request()]),
    ("connection", [*request(), ("connection", "keep-alive")]),
    ("keep-alive", [*request(), ("keep-alive", "timeout=5")]),
    ("proxy-connection", [*request(), ("proxy-connection", "keep-alive")]),
    ("transfer-encoding", [*request(), ("transfer-encoding", "chunked")]),
    ("upgrade", [*request(), ("upgrade", "h2c")]),
    ("te with more than trailers", replaced("te", "gzip, trailers")),
    ("CONNECT with :path and :scheme", replaced(":method", "CONNECT")),
    (":protocol without leave", [(":protocol", "websocket"), *replaced(":method", "CONNECT")]),
]:

    @case("8", name)
    def _(peer, fields=fields):
        stream = peer.take_stream()
        block = b"".join(literal(field, value) for field, value in fields)
        peer.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block))
        stream_error(peer, stream, PROTOCOL_ERROR)


def literal(name, value):
    """A field as it is, which the encoder might put right."""
    return b"\0" + b"".join(hpack.hpack.encode_integer(len(part), 7) + part.encode() for part in (name, value))


@case("8.1", "HEADERS within a request that do not end it")
def _(peer):
    stream = open_call(peer)
    peer.send(frame(HEADERS, END_HEADERS, stream, literal("x-trailer", "v")))
    stream_error(peer, stream, PROTOCOL_ERROR)


@case("8.1", "Trailers end a request")
def _(peer):
    stream = open_call(peer)
    peer.send(data(stream, message(b"x")) + frame(HEADERS, END_HEADERS | END_STREAM, stream, literal("x-trailer", "v")))
    check(any(f.kind == DATA for f in answer(peer, stream)), "no answer")


@case("8.1", "A pseudo-header in trailers")
def _(peer):
    stream = open_call(peer)
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, literal(":path", "/")))
    stream_error(peer, stream, PROTOCOL_ERROR)


for name, length, payloads in [
    ("content-length of more than comes", 100, [message()]),
    ("content-length of less than comes", 3, [message()]),
    ("content-length of less than comes in several frames", 8, [message(), message()]),
]:

    @case("8.1.1", name)
    def _(peer, length=length, payloads=payloads):
        stream = peer.take_stream()
        frames = peer.headers(request("Chat", ("content-length", str(length))), stream=stream)
        for payload in payloads[:-1]:
            frames += data(stream, payload)
        peer.send(frames + data(stream, payloads[-1], END_STREAM))
        stream_error(peer, stream, PROTOCOL_ERROR)


for name, value in [("is no number", "five"), ("is negative", "-1"), ("is too large", "9" * 30)]:

    @case("8.1.1", f"content-length {name}")
    def _(peer, value=value):
        stream = peer.take_stream()
        peer.send(peer.headers(request("Chat", ("content-length", value)), stream=stream))
        stream_error(peer, stream, PROTOCOL_ERROR)


@case("8.1.1", "content-length that is right")
def _(peer):
    stream = peer.take_stream()
    peer.send(peer.headers(request("Echo", ("content-length", "5")), stream=stream) + data(stream, message(), END_STREAM))
    check(any(f.kind == HEADERS for f in answer(peer, stream)), "no answer")


@case("8.2.3", "cookie may come in crumbs")
def _(peer):
    stream = peer.take_stream()
    fields = request("Echo", ("cookie", "a=1"), ("cookie", "b=2"))
    peer.send(peer.headers(fields, stream=stream) + data(stream, message(), END_STREAM))
    check(any(f.kind == HEADERS for f in answer(peer, stream)), "no answer")


# What gRPC adds


@case("gRPC", "A method other than POST is answered with 405")
def _(peer):
    check(status_of(peer, replaced(":method", "GET"))[":status"] == "405", "not 405")


@case("gRPC", "A content-type other than application/grpc is answered with 415")
def _(peer):
    check(status_of(peer, replaced("content-type", "text/html"))[":status"] == "415", "not 415")


@case("gRPC", "An unknown path is answered with UNIMPLEMENTED")
def _(peer):
    for path in ("/test.Target/None", "/None/Echo", "/"):
        check(status_of(peer, replaced(":path", path)).get("grpc-status") == "12", path)


@case("gRPC", "A response that ends before its request is followed by RST_STREAM with NO_ERROR")
def _(peer):
    stream = peer.take_stream()
    peer.send(peer.headers(replaced(":path", "/none"), stream=stream))
    frames = [f for f in peer.until(lambda f: f.kind == RST_STREAM) if f.stream == stream]
    check([f.kind for f in frames] == [HEADERS, RST_STREAM] and frames[-1].code == NO_ERROR, f"{frames}")


def status_of(peer, fields):
    stream = peer.take_stream()
    peer.send(peer.headers(fields, stream=stream, end_stream=True))
    return [f for f in answer(peer, stream) if f.kind == HEADERS][0].fields


def run(port, section, rule, function, preface):
    failure = None
    try:
        peer = Peer(port, preface=preface, timeout=5)
        try:
            function(peer)
        finally:
            peer.close()
    except Failure as error:
        failure = str(error)
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    return {"section": section, "rule": rule, "failure": failure}


if __name__ == "__main__":
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for result in pool.map(lambda each: run(int(sys.argv[1]), *each), CASES):
            print(json.dumps(result), flush=True)
