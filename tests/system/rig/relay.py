"""A TCP relay between a client and a server that cuts both off after so many octets of the server's."""
import select
import socket
import time

from rig.listener import Listener


class Relay(Listener):
    """Forwards connections to 127.0.0.1:`target`. `.cut` octets of the server's pass, then the connection ends with a
    reset; None: all. `.pause` is how many seconds pass before each octet of the server's, one by one; 0: none do.
    `.passed` counts those of the last connection. `.before_query` is called with what the client sends, before the
    server has it."""

    def __init__(self, target, **where):
        self.target, self.cut, self.passed, self.before_query, self.pause = target, None, 0, None, 0
        super().__init__(**where)

    def taken(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            self.passed = 0
            try:
                self._forward(client, server)
            except OSError:
                pass
            # An end that nobody takes for an orderly one.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def _forward(self, client, server):
        while True:
            for side in select.select([client, server], [], [])[0]:
                room = 65536 if side is client or self.cut is None else self.cut - self.passed
                data = side.recv(min(65536, room)) if room > 0 else b""
                if not data:
                    return
                if side is client:
                    if self.before_query is not None:
                        self.before_query(data)
                    server.sendall(data)
                else:
                    self.passed += len(data)
                    step = 1 if self.pause else len(data)
                    for at in range(0, len(data), step):
                        time.sleep(self.pause)
                        client.sendall(data[at:at + step])
