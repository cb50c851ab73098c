"""A TCP relay that counts what passes: grpcio does not show whether a message was compressed, but its size does."""

import socket
import threading


class CountingRelay:
    """Relays a port of its own to another one of this machine."""

    def __init__(self, target):
        self.target = target
        self.up = 0
        self.down = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.target))
            for side in [client, server]:
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._copy, args=(client, server, "up"), daemon=True).start()
            threading.Thread(target=self._copy, args=(server, client, "down"), daemon=True).start()

    def _copy(self, source, target, direction):
        try:
            while data := source.recv(1 << 16):
                # Each direction of each connection has a thread, and the tests make one connection.
                setattr(self, direction, getattr(self, direction) + len(data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            target.close()
