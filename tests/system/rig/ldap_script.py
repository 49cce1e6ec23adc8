"""An LDAP server that does as a test says: ranges, limits, lies, trickling, cut connections, references.

    with ScriptedLdap() as server:
        server.add("users", "uid=bob,dc=example,dc=test", mail=["bob@example.test"])
        server.search = lambda reply, asked, page: ...      # in place of ScriptedLdap.answer

It knows no filter but (kind=KIND), and takes any simple bind. ScriptedDomain is a domain controller of Active Directory.
"""
import socket
import threading
import time

from rig.listener import Listener

PAGED = b"1.2.840.113556.1.4.319"
BASE = "dc=example,dc=test"
BIND, SEARCH, EXTENDED, UNBIND = 0x60, 0x63, 0x77, 0x42
ENTRY, DONE, REFERENCE = 0x64, 0x65, 0x73
SUCCESS, TIME, SIZE, REFERRAL, ADMIN, CRITICAL, NO_SUCH, BUSY = 0, 3, 4, 10, 11, 12, 32, 51


def octets(value):
    return value if isinstance(value, bytes) else value.encode()


def ber(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x84]) + size.to_bytes(4, "big")
    return bytes([tag]) + length + content


def integer(value, tag=2):
    return ber(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def text(value, tag=4):
    return ber(tag, octets(value))


def take(data):
    """(tag, content, rest), or None where it is not all there."""
    if len(data) < 2:
        return None
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at], "big")
    return (data[0], data[at:at + size], data[at + size:]) if len(data) >= at + size else None


def items(data):
    found = []
    while data:
        tag, content, data = take(data)
        found.append((tag, content))
    return found


class Asked:
    """A search: `.base`, `.scope` (0: one entry), `.kind` of its filter, `.attributes`, `.cookie`."""

    def __init__(self, content, controls):
        parts = items(content)
        self.base, self.scope = parts[0][1].decode(), parts[1][1][0]
        self.equal, self.value = (word for _, word in items(parts[6][1])) if parts[6][0] == 0xA3 else (b"", b"")
        self.kind = self.value.decode() if self.equal == b"kind" else None
        self.attributes = [name.decode() for _, name in items(parts[7][1])]
        self.cookie = b""
        for _, control in items(controls):
            words = [word for tag, word in items(control) if tag == 4]
            if words[0] == PAGED:
                self.cookie = items(take(words[1])[1])[1][1]


class Reply:
    """Answers one request on its connection."""

    def __init__(self, connection, number):
        self.connection, self.number = connection, number

    def raw(self, data):
        self.connection.sendall(data)

    def message(self, operation, controls=b""):
        return ber(0x30, integer(self.number), operation, ber(0xA0, controls) if controls else b"")

    def send(self, operation, controls=b""):
        self.raw(self.message(operation, controls))

    def entry(self, dn, attributes):
        values = [ber(0x30, text(name), ber(0x31, *map(text, given))) for name, given in attributes.items()]
        self.send(ber(ENTRY, text(dn), ber(0x30, *values)))

    def reference(self, *urls):
        self.send(ber(REFERENCE, *map(text, urls)))

    def result(self, code=SUCCESS, tag=DONE, message="", cookie=None, referral=()):
        control = b"" if cookie is None else ber(0x30, text(PAGED), text(ber(0x30, integer(0), text(cookie))))
        self.send(ber(tag, integer(code, 0x0A), text(""), text(message),
                      ber(0xA3, *map(text, referral)) if referral else b""), control)

    def trickle(self, data, pause=0.02):
        """Octet by octet, for as long as the client takes it."""
        for number in range(len(data)):
            self.raw(data[number:number + 1])
            time.sleep(pause)

    def cut(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raise ConnectionAbortedError

    def silence(self):
        """Nothing comes any more; it ends with the client."""
        while self.connection.recv(4096):
            pass
        raise ConnectionAbortedError


class ScriptedLdap(Listener):
    page = 3    # entries of a page
    range = 10  # values of an attribute at once

    def __init__(self):
        self.entries = {"users": [], "groups": []}
        self.root = {"namingContexts": [BASE], "supportedControl": [PAGED.decode()]}
        self.search = self.bind = self.extended = self.accepted = None
        self.searches = []
        super().__init__()

    def add(self, kind, dn, **attributes):
        self.entries[kind].append((dn, attributes))
        return self

    # --- answers as they should be

    def ranged(self, attributes, asked):
        """The attributes of an entry, long ones in ranges."""
        shown = {}
        for name, values in attributes.items():
            wanted = [word for word in asked.attributes if word.partition(";")[0].lower() == name.lower()]
            if not wanted:
                continue
            first = int(wanted[0].partition("range=")[2].partition("-")[0] or 0)
            last = first + self.range
            if first == 0 and len(values) <= self.range:
                shown[name] = values
            elif last >= len(values):
                shown[f"{name};range={first}-*"] = values[first:]
            else:
                shown.update({name: [], f"{name};range={first}-{last - 1}": values[first:last]})
        return shown

    def answer(self, reply, asked, page=None):
        if asked.scope == 0:
            found = [entry for entries in self.entries.values() for entry in entries if entry[0] == asked.base]
            if asked.base == "":
                found = [("", self.root)]
            elif asked.base == BASE:
                found = [(BASE, {})]
            for dn, attributes in found:
                reply.entry(dn, self.ranged(attributes, asked))
            reply.result(SUCCESS if found else NO_SUCH)
            return
        first = int(asked.cookie or b"0")
        entries = self.entries[asked.kind]
        for dn, attributes in entries[first:first + self.page]:
            reply.entry(dn, self.ranged(attributes, asked))
        rest = first + self.page < len(entries)
        reply.result(cookie=str(first + self.page) if rest else "")

    # --- connections

    def taken(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection:
            try:
                if self.accepted is not None:
                    self.accepted(Reply(connection, 0))
                data = b""
                while True:
                    more = connection.recv(65536)
                    if not more:
                        return
                    data += more
                    while (found := take(data)) is not None:
                        data = found[2]
                        self._request(connection, found[1])
            except OSError:
                pass

    def _request(self, connection, content):
        parts = items(content)
        number, (tag, body) = int.from_bytes(parts[0][1], "big"), parts[1]
        reply = Reply(connection, number)
        if tag == BIND:
            (self.bind or (lambda given: given.result(tag=0x61)))(reply)
        elif tag == EXTENDED:
            (self.extended or (lambda given: given.result(2, tag=0x78)))(reply)
        elif tag == SEARCH:
            asked = Asked(body, parts[2][1] if len(parts) > 2 else b"")
            if asked.scope != 0:
                self.searches.append(asked)
            (self.answer if self.search is None or asked.scope == 0 else self.search)(
                reply, asked, len(self.searches))
