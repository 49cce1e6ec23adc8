"""The only DNS that the machine knows."""
import socket
import struct
import threading

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA = 1, 2, 5, 6, 12, 15, 16, 28
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3

ZONE = {
    "example.org": [(MX, "mail.example.org")],
    "mail.example.org": [(A, "203.0.113.1")],
    "autoconfig.example.org": [(A, "203.0.113.1")],
    "example.net": [(MX, "mx.example.net")],
    "mx.example.net": [(A, "198.51.100.25")],
    "closed.example.net": [(MX, "mx-closed.example.net")],
    "mx-closed.example.net": [(A, "198.51.100.26")],
    "silent.example.net": [(MX, "mx-silent.example.net")],
    "mx-silent.example.net": [(A, "198.51.100.27")],
    "tls.example.net": [(MX, "mx-tls.example.net")],
    "mx-tls.example.net": [(A, "198.51.100.28")],
    "unreachable.example.net": [(MX, "mx-unreachable.example.net")],
    "mx-unreachable.example.net": [(A, "198.51.100.200")],
    "busy.example.net": [(MX, "mx-busy.example.net")],
    "mx-busy.example.net": [(A, "198.51.100.30")],
    "null.example.net": [(MX, "")],
    "loop.example.net": [(MX, "mail.example.org")],
    "nohost.example.net": [(MX, "mx-nohost.example.net")],
    "2.0.0.127.zen.example.net": [(A, "127.0.0.2")],
    "7.2.0.192.zen.example.net": [(A, "127.0.0.10"), (TXT, "192.0.2.7 is a dynamic address")],
    "99.100.51.198.zen.example.net": [(A, "127.0.0.2"), (TXT, "198.51.100.99 sends spam")],
    "25.100.51.198.in-addr.arpa": [(PTR, "mx.example.net")],
    "30.2.0.192.in-addr.arpa": [(PTR, "office.example.com")],
    "office.example.com": [(A, "192.0.2.30")],
    "relay.example.com": [(A, "198.51.100.29")],
}
BROKEN = ("broken.example.net",)  # SERVFAIL below it
DEAF = ("deaf.example.net",)      # no answer


def encode(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


def decode(data, at):
    parts = []
    while data[at]:
        parts.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
        at += data[at] + 1
    return ".".join(parts).lower(), at + 1


def value(kind, text):
    if kind == A:
        return socket.inet_aton(text)
    if kind == MX:
        return struct.pack(">H", 10 if text else 0) + encode(text)
    if kind == TXT:
        return bytes([len(text)]) + text.encode()
    return encode(text)


def below(name, zones):
    return any(name == zone or name.endswith("." + zone) for zone in zones)


def answer(query):
    """The answer's octets, None for silence."""
    name, end = decode(query, 12)
    kind = struct.unpack(">H", query[end:end + 2])[0]
    question = query[12:end + 4]
    if below(name, DEAF):
        return None
    records = [record for record in ZONE.get(name, ()) if record[0] == kind]
    known = name in ZONE or any(other.endswith("." + name) for other in ZONE)
    code = SERVFAIL if below(name, BROKEN) else NOERROR if known else NXDOMAIN
    found = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(value(*record))) + value(*record) for record in records)
    soa = b""
    if not records and code != SERVFAIL:
        data = encode("ns.invalid") + encode("root.invalid") + struct.pack(">5I", 1, 60, 60, 60, 60)
        soa = encode("invalid") + struct.pack(">HHIH", SOA, 1, 60, len(data)) + data
    return (query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 1 if soa else 0, 0) + question + found + soa)


def serve():
    """On 127.0.0.1:53, for this process's life."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def run():
        while True:
            query, client = server.recvfrom(4096)
            reply = answer(query)
            if reply:
                server.sendto(reply, client)
    threading.Thread(target=run, daemon=True).start()
