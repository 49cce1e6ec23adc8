"""The machine's networks, each real and none of them the host's: the server at 203.0.113.1 and 2001:db8:1::1, and behind a
cable each the user's computer and telephone, another user's, a printer, and all the rest of the internet.

    with inside("bob"):
        socket.create_connection(("203.0.113.1", 587))    # from 192.0.2.7
"""
import contextlib
import ctypes
import os
import signal
import subprocess

SERVER, SERVER6 = "203.0.113.1", "2001:db8:1::1"
HOSTS = {
    "bob": ["192.0.2.7"],       # bob's computer
    "phone": ["192.0.2.8"],     # bob's telephone
    "six": ["2001:db8::7"],     # bob's computer, by IPv6
    "mary": ["192.0.2.30"],
    "printer": ["192.0.2.50"],
    "world": [f"198.51.100.{last}" for last in (2, 25, 26, 28, 29, 30, 31, 32, 66, 99)],
}
SILENT = "198.51.100.27"  # its packets are lost
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_holders = {}
_here = os.open("/proc/self/ns/net", os.O_RDONLY)


def ip(*words, host=None):
    prefix = ["nsenter", f"--net=/proc/{_holders[host].pid}/ns/net"] if host else []
    subprocess.run([*prefix, "ip", *words], check=True, timeout=20)


def make():
    ip("link", "set", "lo", "up")
    ip("addr", "add", f"{SERVER}/32", "dev", "lo")
    for name, addresses in HOSTS.items():
        make_host(name, addresses)
    ip("route", "add", "198.51.100.0/24", "dev", "v-world", "src", SERVER)
    ip("route", "add", SILENT, "via", "198.51.100.2", "dev", "v-world", "onlink", "src", SERVER)


def make_host(name, addresses):
    holder = _holders[name] = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"],
                                               stdout=subprocess.PIPE)
    holder.stdout.readline()
    ip("link", "add", f"v-{name}", "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid))
    ip("link", "set", f"v-{name}", "up")
    ip("link", "set", "lo", "up", host=name)
    ip("link", "set", "eth0", "up", host=name)
    for address in addresses:
        six = ":" in address
        ip("addr", "add", address + ("/128" if six else "/32"), "dev", "eth0", *(["nodad"] if six else []), host=name)
        if six:
            ip("addr", "add", f"{SERVER6}/128", "dev", f"v-{name}", "nodad")
            ip("-6", "route", "add", f"{address}/128", "dev", f"v-{name}", "src", SERVER6)
            ip("-6", "route", "add", f"{SERVER6}/128", "dev", "eth0", "src", address, host=name)
        elif name != "world":
            ip("route", "add", f"{address}/32", "dev", f"v-{name}", "src", SERVER)
    if not any(":" in address for address in addresses):
        ip("route", "add", f"{SERVER}/32", "dev", "eth0", "src", addresses[0], host=name)


def prefix(host):
    """What a command is run with to be run on that host."""
    return ["nsenter", f"--net=/proc/{_holders[host].pid}/ns/net"]


def _enter(handle):
    if _libc.setns(handle, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(host):
    """This thread's new sockets are that host's."""
    handle = os.open(f"/proc/{_holders[host].pid}/ns/net", os.O_RDONLY)
    try:
        _enter(handle)
        yield
    finally:
        _enter(_here)
        os.close(handle)


def unplug(host):
    """The cable is cut: no packet says goodbye."""
    ip("link", "set", f"v-{host}", "down")


def end():
    for holder in _holders.values():
        holder.send_signal(signal.SIGKILL)
