"""Names that mean what a test says, to one command.

    with Names(folder) as names:
        Follower(files, prefix=names.prefix)
"""
import random
import socket
import struct
import threading

A_RECORD = 1


class Names:
    """A name server whose every name has the address `.address()`; None: the question is not answered, and a resolver asks
    on for minutes. `.asked` counts the questions for IPv4 addresses."""

    def __init__(self, folder):
        self.asked, self.address = 0, lambda: "127.0.0.1"
        self.socket = self._bind()
        (folder / "resolv.conf").write_text(f"nameserver {self.socket.getsockname()[0]}\noptions timeout:30 attempts:5\n")
        (folder / "nsswitch.conf").write_text("hosts: dns\n")
        self.prefix = ["unshare", "--mount", "sh", "-c",
                       'cd "$0" && for file in resolv.conf nsswitch.conf; do '
                       'mount --bind "$file" "$(realpath "/etc/$file")" || exit; done && exec "$@"', str(folder)]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    @staticmethod
    def _bind():
        """Resolvers ask on port 53 alone: each test has an address of its own."""
        while True:
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                server.bind((f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}", 53))
                return server
            except OSError:
                server.close()

    def _serve(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            if not question:
                return
            end = question.index(b"\0", 12) + 5
            is_wanted = struct.unpack("!H", question[end - 4:end - 2])[0] == A_RECORD
            address = self.address() if is_wanted else ""
            self.asked += is_wanted
            if address is not None:
                record = b"\xc0\x0c" + struct.pack("!HHIH", A_RECORD, 1, 0, 4) + socket.inet_aton(address) if address else b""
                self.socket.sendto(question[:2] + b"\x81\x80" + struct.pack("!HHHH", 1, bool(record), 0, 0) +
                                   question[12:end] + record, peer)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
