"""Chats with cim from Python: nothing but grpcio, and code generated from Protos/.

    chat.py ROUTE NAME          for example: chat.py 127.0.0.1:7400 ann

Each line of standard input is sent: "text" to everybody, "id;;text" to one user. Each event is printed as a line of
JSON. The end of the input leaves, once every line has its answer.
"""

import collections
import json
import pathlib
import queue
import sys
import tempfile
import threading
import uuid

import grpc
from grpc_tools import protoc

PROTOS = pathlib.Path(__file__).resolve().parents[2] / "Protos"


def generate(folder):
    """Writes the Python code of cim's contract to a folder, and makes it importable."""
    arguments = [f"--proto_path={PROTOS}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    names = sorted(path.name for path in (PROTOS / "cim/v1").glob("*.proto"))
    if protoc.main(["protoc", *arguments, *(f"cim/v1/{name}" for name in names)]) != 0:
        sys.exit(f"protoc could not generate code from {PROTOS}")
    sys.path.insert(0, folder)


with tempfile.TemporaryDirectory() as generated:
    generate(generated)
    from cim.v1 import message_pb2, route_pb2, route_pb2_grpc, session_pb2, session_pb2_grpc


def report(event, **details):
    print(json.dumps({"event": event, **details}), flush=True)


class Outbox:
    """The frames of one session on their way up.

    Every send has an id: a random producer, and a counter without holes for each conversation. A frame that is sent
    again under its id is accepted once.
    """

    def __init__(self, user):
        self.user = user
        self.producer = uuid.uuid4().hex
        self.counters = collections.Counter()
        self.unanswered = set()
        self.input_ended = False
        self.lock = threading.Lock()
        self.frames = queue.SimpleQueue()
        self.ping_interval = None

    def put(self, **frame):
        self.frames.put(session_pb2.ConnectRequest(**frame))

    def keep_alive(self, every):
        """Sets how long, in seconds, nothing may be sent; the first ping ends a wait that had no limit."""
        self.ping_interval = every
        self.put(ping=session_pb2.Ping())

    def send_line(self, line):
        recipient, separator, text = line.partition(";;")
        if separator:
            lower, higher = sorted([self.user.id, int(recipient)])
            conversation = f"p:{lower}:{higher}"
        else:
            conversation, text = "lobby", line
        with self.lock:
            self.counters[conversation] += 1
            counter = self.counters[conversation]
            self.unanswered.add((conversation, counter))
        send_id = message_pb2.SendId(producer=self.producer, conversation=conversation, counter=counter)
        self.put(send=session_pb2.Send(send_id=send_id, content=message_pb2.Content(text=text)))

    def send_input(self):
        for line in sys.stdin:
            try:
                if line.strip():
                    self.send_line(line.rstrip("\n"))
            except ValueError:
                report("error", detail=f"what stands before ;; is not a user's id: {line.rstrip()}")
        with self.lock:
            self.input_ended = True
        self.close_when_done()

    def answered(self, send_id):
        with self.lock:
            self.unanswered.discard((send_id.conversation, send_id.counter))
        self.close_when_done()

    def close_when_done(self):
        with self.lock:
            if self.input_ended and not self.unanswered:
                self.frames.put(None)

    def __iter__(self):
        """What the RPC sends: the frames, and a ping when there was none for a while."""
        while True:
            try:
                frame = self.frames.get(timeout=self.ping_interval)
            except queue.Empty:
                frame = session_pb2.ConnectRequest(ping=session_pb2.Ping())
            if frame is None:
                return
            yield frame


def receive(responses, outbox):
    for response in responses:
        match response.WhichOneof("frame"):
            case "welcome":
                outbox.keep_alive(every=response.welcome.ping_interval_ms / 1000)
                report("online", id=response.welcome.user.id, server=response.welcome.server_id)
                threading.Thread(target=outbox.send_input, daemon=True).start()
            case "message":
                message = response.message
                report(
                    "message",
                    conversation=message.conversation,
                    seq=message.position.seq,
                    sender={"id": message.sender.id, "name": message.sender.name},
                    text=message.content.text,
                )
                cursor = session_pb2.Cursor(conversation=message.conversation, position=message.position)
                outbox.put(ack=session_pb2.Ack(cursors=[cursor]))
            case "send_result":
                result = response.send_result
                match result.WhichOneof("outcome"):
                    case "accepted":
                        report("accepted", conversation=result.send_id.conversation, seq=result.accepted.position.seq)
                    case "refused":
                        reason = message_pb2.RefusalReason.Name(result.refused.reason)
                        report("refused", reason=reason, detail=result.refused.detail)
                outbox.answered(result.send_id)
            case "kick":
                report("kicked", detail=response.kick.detail)


def chat(route_address, name):
    with grpc.insecure_channel(route_address) as channel:
        route = route_pb2_grpc.RouteStub(channel)
        user = route.Register(route_pb2.RegisterRequest(name=name), wait_for_ready=True, timeout=10).user
        device = f"python-{uuid.uuid4().hex}"
        login = route.Login(route_pb2.LoginRequest(user_id=user.id, name=user.name, device_id=device))
        credentials = [("authorization", f"Bearer {login.token}")]

        with grpc.insecure_channel(f"{login.server.host}:{login.server.port}") as server:
            outbox = Outbox(user)
            outbox.put(hello=session_pb2.Hello(device_id=device, protocol_version=1))
            session = session_pb2_grpc.SessionStub(server)
            receive(session.Connect(iter(outbox), metadata=credentials), outbox)

        route.Logout(route_pb2.LogoutRequest(), metadata=credentials)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        chat(*sys.argv[1:])
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")


if __name__ == "__main__":
    main()
