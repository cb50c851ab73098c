"""The misbehaving server of gRPC's "Negative HTTP/2 Interop Test Case Descriptions": http2_server.py CASE. Beside its cases there are
some of a server whose compression is wrong.

Prints the port that it listens on. The end of standard input ends it; it fails when its own side of the case does not hold.
"""

import gzip
import socket
import sys
import threading

import h2.config
import h2.connection
import h2.events
import h2.settings
from hyperframe.frame import GoAwayFrame

from interop_protos import messages

case = sys.argv[1]
# What the response says that it is compressed with, what it is, and its flag.
COMPRESSIONS = {
    "flag_without_encoding": (None, gzip.compress, 1),
    "flag_with_identity": ("identity", gzip.compress, 1),
    "unknown_encoding": ("snappy", gzip.compress, 1),
    "truncated_gzip": ("gzip", lambda message: gzip.compress(message)[:-1], 1),
    "not_gzip": ("gzip", bytes, 1),
    "gzip_over_the_limit": ("gzip", lambda message: gzip.compress(message + bytes(4 << 20)), 1),
    "plain_among_gzip": ("gzip", bytes, 0),
}
connections = []
faults = []


class Connection:
    """One client: answers each call as the case wants."""

    def __init__(self, client):
        self.client = client
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.requests = {}
        self.calls = []
        self.outstanding_pings = 0
        # What is left to be sent of each response, and what to do then.
        self.sending = {}

    def run(self):
        self.h2.initiate_connection()
        if case == "max_streams":
            self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
        try:
            while True:
                self.flush()
                data = self.client.recv(1 << 16)
                if not data:
                    break
                for event in self.h2.receive_data(data):
                    self.handle(event)
        except OSError:
            pass
        except h2.exceptions.ProtocolError as error:
            faults.append(f"the client broke the protocol: {error!r}")
        finally:
            self.client.close()
        if self.outstanding_pings:
            faults.append(f"{self.outstanding_pings} pings were not answered")

    def flush(self):
        self.client.sendall(self.h2.data_to_send())

    def handle(self, event):
        match event:
            case h2.events.RequestReceived():
                self.requests[event.stream_id] = b""
                self.calls.append(event.stream_id)
            case h2.events.DataReceived():
                self.requests[event.stream_id] += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.answer(event.stream_id, self.requests.pop(event.stream_id))
            case h2.events.WindowUpdated():
                for stream in list(self.sending):
                    self.send(stream)
            case h2.events.StreamReset():
                self.sending.pop(event.stream_id, None)
            case h2.events.PingAckReceived():
                self.outstanding_pings -= 1

    def ping(self):
        if case == "ping":
            self.h2.ping(b"\0" * 8)
            self.outstanding_pings += 1

    def answer(self, stream, body):
        request = messages.SimpleRequest.FromString(body[5:])
        response = messages.SimpleResponse(payload=messages.Payload(body=bytes(request.response_size)))
        message = response.SerializeToString()
        encoding, compress, flag = COMPRESSIONS.get(case, (None, bytes, 0))
        message = compress(message)
        framed = bytes([flag]) + len(message).to_bytes(4) + message
        if case == "goaway" and self is connections[0]:
            # By hand: h2 sends nothing more on a connection that it says goodbye on.
            self.flush()
            self.client.sendall(GoAwayFrame(last_stream_id=stream).serialize())
        self.ping()
        encodings = [("grpc-encoding", encoding)] if encoding else []
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc+proto"), *encodings])
        self.ping()
        if case == "rst_after_header":
            return self.h2.reset_stream(stream, 0)
        if case == "rst_during_data":
            framed = framed[: len(framed) // 2]
        self.sending[stream] = framed
        self.send(stream)

    def send(self, stream):
        padding = 255 if case == "data_frame_padding" else None
        while rest := self.sending.get(stream):
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            room = min(room - 256, 50) if padding else room
            if room <= 0:
                return
            self.h2.send_data(stream, rest[:room], pad_length=padding)
            self.sending[stream] = rest[room:]
        if self.sending.pop(stream, None) is None:
            return
        self.ping()
        if case in ["rst_during_data", "rst_after_data"]:
            self.h2.reset_stream(stream, 0)
        else:
            self.h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)


def accept(listener):
    while True:
        connection = Connection(listener.accept()[0])
        connections.append(connection)
        thread = threading.Thread(target=connection.run)
        threads.append(thread)
        thread.start()


threads = []
listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=accept, args=(listener,), daemon=True).start()
print(f"listening on {listener.getsockname()[1]}", flush=True)
sys.stdin.read()
for thread in threads:
    thread.join(10)
calls = [connection.calls for connection in connections]
wanted = {"goaway": [[1], [1]], "max_streams": [list(range(1, 23, 2))]}.get(case, [[1]])
if calls != wanted:
    faults.append(f"the streams of each connection were {calls}, wanted {wanted}")
if faults:
    sys.exit("; ".join(faults))
print("the case holds")
