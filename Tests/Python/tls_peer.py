"""The other end of a TLS connection that does not behave: tls_peer.py CASE PORT [CA].

Client cases connect to PORT and trust CA; they print what they find, and fail when it is wrong:
  no-alpn            negotiates no protocol
  http/1.1           offers http/1.1 only
  old-suite          speaks TLS 1.2 with a suite that HTTP/2 prohibits
  tls12              speaks TLS 1.2 at most, and does as it should
  shutdown           begins HTTP/2, says "ready", and reads to the end: there must be a GOAWAY, and then a close_notify
  truncate           begins a call, waits for the answer's first bytes, and cuts the connection without a close_notify
  stall              begins the handshake and says no more
  plaintext          begins HTTP/2 without TLS, and reads to the end

Server cases listen on a port that they print, take one connection, and show the certificate PORT with the key CA:
  serve-no-alpn      negotiates no protocol
"""

import socket
import ssl
import struct
import sys

case, port = sys.argv[1:3]


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """A header field without the table: RFC 7541, 6.2.2."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


BEGIN = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4)


def connect(context=None):
    connection = socket.create_connection(("127.0.0.1", int(port)), timeout=20)
    return context.wrap_socket(connection, server_hostname="localhost", suppress_ragged_eofs=False) if context else connection


def secure(*protocols):
    context = ssl.create_default_context(cafile=sys.argv[3])
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def read_to_end(connection):
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def frames(received):
    """Type, flags and payload of each frame."""
    found = []
    while received:
        length = int.from_bytes(received[:3], "big")
        found.append((received[3], received[4], received[9 : 9 + length]))
        received = received[9 + length :]
    return found


def kinds(received):
    return [kind for kind, _, _ in frames(received)]


if case in ("no-alpn", "http/1.1"):
    connection = connect(secure(*([] if case == "no-alpn" else [case])))
    read_to_end(connection)
    print("closed")
elif case == "old-suite":
    context = secure("h2")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0")
    try:
        connect(context)
        sys.exit("the handshake succeeded")
    except ssl.SSLError as error:
        print(f"refused: {error.reason}")
elif case == "tls12":
    context = secure("h2")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = connect(context)
    connection.sendall(BEGIN)
    print(connection.version(), connection.cipher()[0], kinds(connection.recv(9))[:1])
elif case == "shutdown":
    connection = connect(secure("h2"))
    connection.sendall(BEGIN)
    received = connection.recv(65536)
    print("ready", flush=True)
    while chunk := connection.recv(65536):
        received += chunk
        # The server wants to know that its first GOAWAY has come.
        for kind, flags, payload in frames(chunk):
            if (kind, flags) == (6, 0):
                connection.sendall(frame(6, 1, 0, payload))
    if 7 not in kinds(received):
        sys.exit(f"no GOAWAY: {kinds(received)}")
    print("GOAWAY and close_notify")
elif case == "truncate":
    connection = connect(secure("h2"))
    head = b"".join(
        literal(name, value)
        for name, value in [
            (b":method", b"POST"),
            (b":scheme", b"https"),
            (b":path", b"/test.Echo/Hang"),
            (b":authority", b"localhost"),
            (b"content-type", b"application/grpc"),
            (b"te", b"trailers"),
        ]
    )
    connection.sendall(BEGIN + frame(1, 4, 1, head))
    received = b""
    while 0 not in kinds(received):
        received += connection.recv(65536)
    # Closes the socket below TLS.
    socket.socket(fileno=connection.detach()).close()
    print("cut")
elif case == "stall":
    connection = connect()
    try:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        read_to_end(connection)
    except ConnectionError:
        pass
    print("closed")
elif case == "plaintext":
    connection = connect()
    connection.sendall(BEGIN)
    try:
        print(read_to_end(connection)[:1])
    except ConnectionError:
        print("reset")
elif case == "serve-no-alpn":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    connection = context.wrap_socket(listener.accept()[0], server_side=True)
    try:
        read_to_end(connection)
    except (ssl.SSLError, OSError):
        pass
else:
    sys.exit(f"there is no case {case}")
