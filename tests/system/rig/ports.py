"""Ports of this machine for private servers: the one way to get one."""
import os
import random
import socket

PORTS = range(10000, 30000)  # below those from which the kernel serves clients
BLOCK = 100
_blocks, _ports = [], {}  # _ports: by network namespace, as a block of one is anybody's in another


def _take_block():
    """A block of ports that no other process of any test run takes, in a chroot of this machine either, while this one lives:
    the kernel gives an abstract socket's name once in a network namespace."""
    firsts = list(PORTS[::BLOCK])
    random.shuffle(firsts)
    for first in firsts:
        name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            name.bind(f"\0mailwicket-tests-{first}")
        except OSError:
            name.close()
            continue
        _blocks.append(name)
        return list(range(first, first + BLOCK))
    raise AssertionError("no port is free")


def listens(port, host="127.0.0.1"):
    """Whether somebody does."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def listens_at(path):
    """Whether somebody listens at a unix socket: its file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def free_port():
    """A port that nobody listens on and that this process alone gives, once."""
    ports = _ports.setdefault(os.readlink("/proc/thread-self/ns/net"), [])
    while True:
        if not ports:
            ports.extend(_take_block())
        port = ports.pop()
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
        return port
