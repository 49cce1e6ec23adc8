"""Two machines for one test: the server's and one outside, each a network namespace, joined by a cable.

    with Network() as network:            # this thread is on the server now, and so is what it starts
        server listens on 192.0.2.25:25 or 127.0.0.1:10025
        with network.outside():           # a client of 192.0.2.7
            ...

Every port is free on both, those of the machine itself are not seen, and there is no DNS.
"""
import contextlib
import ctypes
import os
import subprocess

from rig.processes import tool

SERVER, CLIENT = "192.0.2.25", "192.0.2.7"
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _current():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _call(status):
    if status != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _enter(descriptor):
    _call(_libc.setns(descriptor, CLONE_NEWNET))


def _ip(*words):
    subprocess.run([tool("ip"), *words], check=True, timeout=30)


def why_not():
    """Why there can be no network of a test's own here, or None."""
    if os.geteuid() != 0:
        return "namespaces need root"
    return None if tool("ip") else "no ip (iproute2)"


class Network:
    def __enter__(self):
        self.descriptors = [_current()]
        try:
            for _ in range(2):
                _call(_libc.unshare(CLONE_NEWNET))
                self.descriptors.append(_current())
                _ip("link", "set", "lo", "up")
            _ip("link", "add", "server0", "type", "veth", "peer", "name", "client0")
            _ip("link", "set", "client0", "netns", f"/proc/{os.getpid()}/fd/{self.descriptors[1]}")
            self._address("server0", SERVER)
            with self.outside():
                self._address("client0", CLIENT)
        except BaseException:
            self.__exit__()
            raise
        return self

    @staticmethod
    def _address(device, address):
        _ip("addr", "add", f"{address}/24", "dev", device)
        _ip("link", "set", device, "up")

    def add_outside(self, address):
        """One more address of the machine outside, which the server reaches."""
        with self.outside():
            _ip("addr", "add", f"{address}/32", "dev", "client0")
        _ip("route", "add", f"{address}/32", "via", CLIENT)

    @contextlib.contextmanager
    def outside(self):
        """This thread at the other end of the cable."""
        _enter(self.descriptors[1])
        try:
            yield
        finally:
            _enter(self.descriptors[2])

    def __exit__(self, *_):
        _enter(self.descriptors[0])
        for descriptor in self.descriptors:
            os.close(descriptor)
