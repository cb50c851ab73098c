"""Attacks on a server: `attacks.py NAME PORT PID`. Prints what became of it as one line of JSON."""

import json
import os
import socket
import struct
import sys
import threading
import time

from http2_raw import *


def status_of(peer, stream):
    """The gRPC status that ends the stream."""
    for got in peer.until(lambda f: f.stream == stream and f.kind == HEADERS):
        if got.kind == HEADERS and got.stream == stream:
            return int(got.fields["grpc-status"])


def end_of(peer):
    """How the server ended the connection."""
    frames = peer.rest()
    goaways = [f for f in frames if f.kind == GOAWAY]
    return f"GOAWAY {goaways[-1].code} {goaways[-1].debug}".strip() if goaways else "closed"


def flood(port, frames, count, before=None, read=False):
    """Sends the same frames again and again, and says how that ends."""
    peer = Peer(port)
    if before:
        before(peer)
    batch = frames * max(1, 65536 // len(frames))
    return pour(peer, (batch for _ in range(0, count, len(batch) // len(frames))), read)


def pour(peer, batches, read):
    """Sends all that the server takes, reading meanwhile what it says or not; says how that ends."""
    ends = []
    reader = threading.Thread(target=lambda: ends.append(end_of(peer)), daemon=True)
    if read:
        reader.start()
    try:
        for batch in batches:
            if not peer.try_to_send(batch):
                break
    except socket.timeout:
        pass
    if not read:
        return end_of(peer)
    reader.join(10)
    return ends[0] if ends else "left open"


def header_list(port, pid):
    peer = Peer(port)
    stream = peer.take_stream()
    fields = request("Echo", *[(f"x-{n}", "v" * 1000) for n in range(80)])
    block = peer.encoder.encode(fields, huffman=False)
    parts = [block[n : n + 16384] for n in range(0, len(block), 16384)]
    peer.send(frame(HEADERS, END_STREAM, stream, parts[0]))
    for n, part in enumerate(parts[1:]):
        peer.send(frame(CONTINUATION, END_HEADERS if n == len(parts) - 2 else 0, stream, part))
    status = status_of(peer, stream)
    return f"status {status}, then status {peer.call()}"


def header_count(port, pid):
    peer = Peer(port)
    stream = peer.take_stream()
    peer.send(peer.headers(request("Echo", *[("a", "b")] * 1000), end_stream=True, stream=stream))
    status = status_of(peer, stream)
    return f"status {status}, then status {peer.call()}"


def continuation_flood(port, pid):
    return flood(
        port,
        frame(CONTINUATION, 0, 1),
        1_000_000,
        before=lambda peer: peer.send(peer.headers(request(), flags=0)),
    )


def continuation_flood_full(port, pid):
    """Blocks without end, of fields that are each let go of."""
    field = b"\x00\x01a\x7f\x81\x00" + b"v" * 256
    return flood(
        port,
        frame(CONTINUATION, 0, 1, field * 50),
        100_000,
        before=lambda peer: peer.send(peer.headers(request(), flags=0)),
    )


def hpack_bomb(port, pid):
    """One field of 4000 bytes in the table, and a million references to it of a byte each."""
    peer = Peer(port)
    bomb = [b"\xbe" * 16000] * 7
    statuses = set()
    for n in range(20):
        stream = peer.take_stream()
        head = peer.encoder.encode(request("Echo", ("x-bomb", "v" * 3900)), huffman=False)
        # The field that was added last has the first dynamic index, 62.
        peer.send(frame(HEADERS, END_STREAM, stream, head))
        for m, part in enumerate(bomb):
            peer.send(frame(CONTINUATION, END_HEADERS if m == len(bomb) - 1 else 0, stream, part))
        statuses.add(status_of(peer, stream))
    return f"statuses {sorted(statuses)}, then status {peer.call()}"


def too_many_streams(port, pid):
    peer = Peer(port)
    for _ in range(1000):
        peer.send(peer.headers(request("Chat")))
    refused = [f for f in peer.fence() if f.kind == RST_STREAM and f.code == REFUSED_STREAM]
    return f"{len(refused)} refused"


def resets(peer, reset):
    """100,000 calls that end as soon as they have begun."""
    for _ in range(200):
        batch = b""
        for _ in range(500):
            stream = peer.take_stream()
            batch += peer.headers(request("Chat"), stream=stream) + reset(stream)
        yield batch


def rapid_reset(port, pid):
    peer = Peer(port)
    return pour(peer, resets(peer, lambda stream: rst_stream(stream, CANCEL)), read=False)


def made_you_reset(port, pid):
    """Has the server reset each stream, instead of doing so."""
    peer = Peer(port)
    return pour(peer, resets(peer, lambda stream: window_update(stream, 0x7FFFFFFF)), read=True)


def made_you_reset_unread(port, pid):
    peer = Peer(port)
    return pour(peer, resets(peer, lambda stream: window_update(stream, 0x7FFFFFFF)), read=False)


def ping_flood(port, pid):
    return flood(port, ping(), 2_000_000)


def ping_flood_with_calls(port, pid):
    """Data from the server forgives PINGs; a client that reads nothing gets none."""
    return flood(port, ping(), 2_000_000, before=lambda peer: peer.send(peer.headers(request("Chat"))))


def settings_flood(port, pid):
    return flood(port, settings((INITIAL_WINDOW_SIZE, 65535)), 2_000_000)


def settings_flood_read(port, pid):
    return flood(port, settings((INITIAL_WINDOW_SIZE, 65535)), 2_000_000, read=True)


def priority_flood(port, pid):
    return flood(port, frame(PRIORITY, stream=1, payload=b"\0\0\0\0\x10"), 2_000_000)


def window_update_flood(port, pid):
    return flood(port, window_update(0, 1), 2_000_000)


def empty_data_flood(port, pid):
    return flood(port, data(1), 2_000_000, before=lambda peer: peer.send(peer.headers(request("Chat"))))


def slow_reader(port, pid):
    """200 answers without end, for a client that makes room for all of them and reads none."""
    peer = Peer(port, pairs=[(INITIAL_WINDOW_SIZE, 0x7FFFFFFF)])
    peer.send(window_update(0, 0x7FFFFFFF - 65535))
    for _ in range(200):
        stream = peer.take_stream()
        peer.send(peer.headers(request("Endless"), stream=stream) + data(stream, message(), END_STREAM))
    return wait_until_closed(peer)


def wait_until_closed(peer):
    """Waits for the server's end of the connection, reading nothing."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        # The first byte of tcp_info is the state; 1 is ESTABLISHED.
        if peer.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1:
            return "closed"
        time.sleep(0.02)
    return "left open"


def zero_window(port, pid):
    """2000 answers of 1 MiB, for a client that reads and lets nothing through."""
    peer = Peer(port, pairs=[(INITIAL_WINDOW_SIZE, 0)])
    for _ in range(100):
        batch = b""
        for _ in range(20):
            stream = peer.take_stream()
            batch += peer.headers(request("Large"), stream=stream) + data(stream, message(), END_STREAM)
        if not peer.try_to_send(batch):
            break
    peer.rest()
    return "closed"


def zero_window_streams(port, pid):
    """2000 answers without end, for a client that reads and lets nothing through."""
    peer = Peer(port, pairs=[(INITIAL_WINDOW_SIZE, 0)])
    for _ in range(20):
        batch = b""
        for _ in range(100):
            stream = peer.take_stream()
            batch += peer.headers(request("Endless"), stream=stream) + data(stream, message(), END_STREAM)
        peer.send(batch)
    peer.rest()
    return "closed"


def slow_preface(port, pid):
    peers = [Peer(port, preface=False) for _ in range(200)]
    for peer in peers:
        peer.send(PREFACE[:10])
    return f"{sum(end_of(peer) == 'closed' for peer in peers)} closed"


def slow_headers(port, pid):
    """A block of headers that comes a byte at a time."""
    peer = Peer(port)
    block = peer.headers(request("Echo", ("x-long", "v" * 8000)), flags=0)
    try:
        for byte in block:
            peer.send(bytes([byte]))
            time.sleep(0.02)
    except (BrokenPipeError, ConnectionResetError):
        return "closed"
    return "left open"


def huge_prefix(port, pid):
    """Messages of 4 GiB are announced."""
    peer = Peer(port)
    statuses = set()
    for _ in range(1000):
        stream = peer.take_stream()
        peer.send(peer.headers(request("Chat"), stream=stream) + data(stream, message(length=0xFFFFFFFF)))
        statuses.add(status_of(peer, stream))
    return f"statuses {sorted(statuses)}, then status {peer.call()}"


def half_messages(port, pid):
    """2000 messages of 4 MiB are begun, and as much of each is sent as the server has windows for."""
    return send_parts(port, "Chat", message(length=4 << 20) + b"p" * (256 * 1024 - 5))


def half_unary(port, pid):
    """2000 whole messages whose calls do not go on."""
    return send_parts(port, "Echo", message(b"p" * (200 * 1024)))


def unread_messages(port, pid):
    """2000 times a few whole messages for handlers that read none."""
    # Whether the last call is refused or waits depends on whether the limit falls within a message of its.
    return send_parts(port, "Unread", message(b"p" * 60 * 1024) * 4).split(",")[0]


def send_parts(port, method, payload):
    peer = Peer(port, timeout=1)
    window, statuses, resets = [65535], [], []

    def note(got):
        if got.kind == WINDOW_UPDATE:
            increment = struct.unpack(">I", got.payload)[0]
            if got.stream == 0:
                window[0] += increment
        elif got.kind == HEADERS:
            statuses.append(int(got.fields.get("grpc-status", -1)))
        elif got.kind in (RST_STREAM, GOAWAY):
            resets.append(got.code)

    peer.until(lambda f: f.kind == SETTINGS)
    stuck = False
    for _ in range(2000):
        if stuck:
            break
        stream = peer.take_stream()
        peer.send(peer.headers(request(method), stream=stream))
        rest = payload
        while rest and not stuck:
            size = min(len(rest), 16384, window[0])
            if size > 0:
                peer.send(data(stream, rest[:size]))
                window[0] -= size
                rest = rest[size:]
            try:
                while window[0] < 16384:
                    note(peer.receive())
            except socket.timeout:
                stuck = True
    try:
        while True:
            note(peer.receive())
    except (socket.timeout, Closed):
        pass
    return f"{'stopped' if stuck else 'all taken'}, statuses {sorted(set(statuses))}, resets {sorted(set(resets))}"


def per_address(port, pid):
    return connect_many(port, 200)


def connect_many(port, count):
    peers, refused = [], 0
    for _ in range(count):
        peer = Peer(port)
        try:
            peer.fence()
            peers.append(peer)
        except (Closed, ConnectionResetError, BrokenPipeError):
            refused += 1
    return f"{len(peers)} served, {refused} refused"


def too_many_files(port, pid):
    """More connections than the server has descriptors for; they must cost it no processor time."""
    peers = []
    for _ in range(200):
        peers.append(socket.create_connection(("127.0.0.1", port), timeout=5))
    time.sleep(0.5)
    before = processor_time(pid)
    time.sleep(1)
    used = processor_time(pid) - before
    for peer in peers:
        peer.close()
    return "idle" if used < 0.3 else f"{used:.2f} s of a second spent"


def processor_time(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def random_bytes(port, pid):
    """Noise after the preface, and in place of it."""
    for seed in range(300):
        noise = b"".join(struct.pack(">Q", hash((seed, n)) & (2**64 - 1)) for n in range(200))
        peer = Peer(port, preface=seed % 2 == 0)
        peer.try_to_send(noise)
        peer.close()
    return "sent"


def resets_of_tcp(port, pid):
    """Connections that are reset in the middle of calls."""
    for _ in range(300):
        peer = Peer(port)
        for _ in range(10):
            stream = peer.take_stream()
            peer.send(peer.headers(request("Endless"), stream=stream) + data(stream, message(), END_STREAM))
        peer.reset()
    return "sent"


def keepalive(port, pid):
    """A client that answers no PING."""
    peer = Peer(port)
    frames = peer.rest()
    return f"{len([f for f in frames if f.kind == PING])} PING, then closed"


def keepalive_answered(port, pid):
    peer = Peer(port)
    for _ in range(3):
        got = peer.until(lambda f: f.kind == PING)[-1]
        peer.send(ping(got.payload, ACK))
    return "alive"


def max_age(port, pid):
    """Both GOAWAYs come, with the answer to a PING between them; the open call goes on and ends well."""
    peer = Peer(port)
    stream = peer.take_stream()
    peer.send(peer.headers(request("Chat"), stream=stream))
    first, probe = peer.until(lambda f: f.kind == PING)[-2:]
    peer.send(ping(probe.payload, ACK))
    second = peer.until(lambda f: f.kind == GOAWAY)[-1]
    peer.send(data(stream, message(b"late"), END_STREAM))
    frames = peer.rest()
    lasts = [struct.unpack(">I", f.payload[:4])[0] for f in (first, second)]
    echoed = any(f.kind == DATA and b"late" in f.payload for f in frames)
    return f"last streams {lasts}, {'echoed' if echoed else 'cut'}"


def max_age_unanswered(port, pid):
    """The second GOAWAY comes though the PING is not answered, and the call is cut when its grace is over."""
    peer = Peer(port)
    peer.send(peer.headers(request("Chat")))
    frames = peer.rest()
    lasts = [struct.unpack(">I", f.payload[:4])[0] for f in frames if f.kind == GOAWAY]
    return f"last streams {lasts}, then closed"


def max_idle(port, pid):
    peer = Peer(port)
    peer.call()
    frames = peer.until(lambda f: f.kind == PING)
    peer.send(ping(frames[-1].payload, ACK))
    goaways = [f for f in frames + peer.rest() if f.kind == GOAWAY]
    return f"{len(goaways)} GOAWAY {sorted({f.code for f in goaways})}, then closed"


def hold_everything(port, pid):
    """Connections in every state, and nothing more from this side."""
    silent = socket.create_connection(("127.0.0.1", port))
    idle, calling, unread = Peer(port), Peer(port), Peer(port, pairs=[(INITIAL_WINDOW_SIZE, 0)])
    idle.fence()
    calling.send(calling.headers(request("Unread")))
    unread.send(unread.headers(request("Large"), stream=1) + data(1, message(), END_STREAM))
    for peer in (calling, unread):
        peer.fence()
    print("held", flush=True)
    time.sleep(60)
    return (silent, idle)


if __name__ == "__main__":
    name, port, pid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps({"outcome": globals()[name](port, pid)}), flush=True)
