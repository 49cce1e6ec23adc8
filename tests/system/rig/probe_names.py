"""Runs a command where names are looked up as a test wants it: in mounts and a network of its own.

    unshare --mount --net python3 -m rig.probe_names MODE COMMAND...

MODE: `silent`, a name server that never answers; `nxdomain`, one that knows no name; `two`, host two.example.test with
two addresses, of which the second has an IMAP server on port 1143 and the first nothing.
"""
import fcntl
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from rig.probe_servers import Scripted

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


def lay_over(path, text):
    """Another content of a file of the machine, for this process and its children."""
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    subprocess.run(["mount", "--bind", file.name, str(Path(path).resolve())], check=True)
    Path(file.name).unlink()


def name_server(knows_nothing):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def serve():
        while True:
            question, peer = server.recvfrom(4096)
            if knows_nothing:
                server.sendto(question[:2] + b"\x81\x83" + question[4:6] + bytes(6) + question[12:], peer)
    threading.Thread(target=serve, daemon=True).start()


def second_answers():
    _, second = [info[4][0] for info in socket.getaddrinfo("two.example.test", 1143, type=socket.SOCK_STREAM)]

    def script(client):
        client.send("* OK hello")
        client.answer({"CAPABILITY": "* CAPABILITY LOGINDISABLED\r\n% OK", "LOGIN": "% NO"})
    Scripted(script, address=(second, 1143))


mode, command = sys.argv[1], sys.argv[2:]
raise_loopback()
lay_over("/etc/resolv.conf", "nameserver 127.0.0.1\n")
lay_over("/etc/hosts", "127.0.0.1 two.example.test\n127.0.0.2 two.example.test\n")
lay_over("/etc/nsswitch.conf", "hosts: files dns\n")
name_server(mode == "nxdomain")
if mode == "two":
    second_answers()
sys.exit(subprocess.run(command).returncode)
