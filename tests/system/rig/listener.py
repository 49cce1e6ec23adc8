"""A TCP server of a test that takes its clients in a thread of its own, until close()."""
import socket
import threading

from rig.ports import free_port


class Listener:
    """On `.port` of an address of this host. `.taken(connection)` has each client, in the thread that takes them: the next
    one waits until it returns."""

    def __init__(self, address="127.0.0.1", port=None):
        self.port = port or free_port()
        self.listener = socket.create_server((address, self.port))
        self.thread = threading.Thread(target=self._take, daemon=True)
        self.thread.start()

    def taken(self, connection):
        raise NotImplementedError

    def _take(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.taken(connection)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
