"""The login plugin on a real Dovecot: DESIGN.md's table of login types by protocol, network and TLS, in both process modes."""
import base64
import random
import re
import socket
import ssl
import struct

import pytest

import rig
from rig.daemon import Daemon, parse_decision
from rig.dovecot import PrivateDovecot, has_protocol, long_lived, version
from rig.login_clients import TEXT, Client, client, encoded

pytestmark = pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")

PASSWORD = "right-password"
NETWORKS = {"SecureLogin": "127.0.0.1", "PlainTextAuthentication": "127.0.0.41", "PlainTextLogin": "127.0.0.42"}
STRICT_TLS, AUDIT, TRUSTED, PROXY, STRANGER = "127.0.0.43", "127.0.0.44", "127.0.0.65", "127.0.0.81", "127.0.0.99"
WEAK = "127.0.0.45"
POLICY = f"""\
default_domain = "example.test"
login "half" {{ remote = {{ "127.0.0.41" }} login_type = PlainTextAuthentication }}
login "open" {{ remote = {{ "127.0.0.42" }} login_type = PlainTextLogin }}
login "strict" {{ remote = {{ "{STRICT_TLS}" }} tls_min_version = "TLSv1.3" }}
login "strong" {{ remote = {{ "{WEAK}" }} tls_min_bits = 256 }}
login "trial" {{ remote = {{ "{AUDIT}" }} mode = audit }}
"""
DIRECTORY = "user bob@example.test login=bob\nuser eve@example.test login=eve imap=no pop3=no smtp=no sieve=no\n"
MECHANISMS = {"basic": "plain", "challenge": "cram_md5"}
@pytest.fixture(scope="module", params=["one connection a process", "long-lived"])
def dovecot(request):
    folder = rig.make_folder("login")
    proxied = rig.free_port()
    policy = POLICY + f'login "proxied" {{ local = {{ "*:{proxied}" }} tls_proxies = {{ "{PROXY}" }} }}\n'
    files = Daemon(policy, DIRECTORY, folder, start=False)
    extra = (f"auth_debug = yes\nlogin_trusted_networks = {TRUSTED}/32\nhaproxy_trusted_networks = 127.0.0.80/28\n"
             "haproxy_timeout = 60s\n"
             f"service imap-login {{\n  inet_listener proxied {{\n    port = {proxied}\n    haproxy = yes\n  }}\n}}\n")
    extra += long_lived() if request.param == "long-lived" else ""
    with PrivateDovecot(folder, policy=files.policy, users={"bob": PASSWORD, "eve": PASSWORD}, extra=extra,
                        protocols=["imap", "pop3", "submission", "sieve"]) as made:
        made.ports["proxied"] = proxied
        yield made
    rig.remove_folder(folder)


class AuthSilence:
    """Within it the auth process is asked nothing by a client that is connected or connects, and no password reaches a log."""

    def __init__(self, dovecot):
        self.dovecot = dovecot

    def __enter__(self):
        self.left, self.came = Client.left(), len(Client.ports)
        self.before = len(self.questions())

    def questions(self):
        return self.dovecot.lines(r"client in: AUTH\b")

    def asked(self):
        """The ports of who asked since. Who had left before may still be asking; a port may be given again."""
        left = self.left - set(Client.ports[self.came:])
        ports = [int(re.search(r"\brport=(\d+)", line)[1]) for line in self.questions()[self.before:]]
        return [port for port in ports if port not in left]

    def __exit__(self, failed, *_):
        if failed:
            return
        # Its log comes through the same pipe: once a later login is in it, an earlier question would be too.
        with client("imap", self.dovecot.ports, how="implicit") as it:
            port = it.socket.getsockname()[1]
            assert it.plain("bob", PASSWORD) == "ok", it.last
        rig.wait_for(lambda: port in self.asked(), "the auth process's log")
        assert self.asked() == [port]
        # auth_debug makes Dovecot's SMTP library log every command.
        text = "\n".join(self.dovecot.lines(r"^(?!.*(submission-login: Debug|smtp-server))"))
        assert PASSWORD not in text and not any(encoded(f"\0{login}\0{PASSWORD}") in text for login in ("bob", "carla"))


def decisions(dovecot, **fields):
    found = [parse_decision(line) for line in dovecot.lines("mailwicket: v=1 ")]
    return [line for line in found if all(line.get(key) == value for key, value in fields.items())]


def wait_decision(dovecot, **fields):
    return rig.wait_for(lambda: decisions(dovecot, **fields), f"a decision with {fields}")


PROTOCOLS = [name for name in ("imap", "pop3", "submission") if has_protocol(name)]
TABLE = [(protocol, kind, how, how != "none" or kind == "PlainTextLogin", how != "none" or kind != "SecureLogin")
         for protocol in PROTOCOLS for kind in NETWORKS for how in ("none", "starttls", "implicit")]


@pytest.mark.parametrize("protocol,kind,how,basic,challenge", TABLE)
def test_log_01_what_the_table_refuses_is_not_offered(dovecot, protocol, kind, how, basic, challenge):
    with client(protocol, dovecot.ports, how=how, source=NETWORKS[kind]) as it:
        offered = it.offered()
        assert ({"PLAIN", "LOGIN"} <= offered) == basic and ("PLAIN" in offered) == basic, offered
        assert ({"CRAM-MD5", "SCRAM-SHA-256"} <= offered) == challenge and ("CRAM-MD5" in offered) == challenge
        if it.command is not None:
            assert ("command" in offered) == basic, offered
        if how == "none":
            assert any(re.search(r"\bST(ART)?TLS\b", line) for line in it.transcript) or protocol == "pop3"


@pytest.mark.parametrize("protocol,kind,how,basic,challenge", TABLE)
def test_log_02_06_login_types(dovecot, protocol, kind, how, basic, challenge):
    """What the table permits works; what it refuses gets the reply, and the credential goes nowhere."""
    source = NETWORKS[kind]
    ways = [("command", basic), ("plain", basic), ("plain_in_two_steps", basic), ("cram_md5", challenge),
            ("scram", challenge)]
    for way, permitted in ways:
        with client(protocol, dovecot.ports, how=how, source=source) as it:
            if getattr(it, way) is None:
                continue
            outcome = getattr(it, way)("bob", PASSWORD)
            assert (outcome == "ok") == permitted, (way, it.transcript)
            if not permitted:
                assert it.ours(), (way, it.transcript)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_log_02_refused_credentials_go_nowhere(dovecot, protocol):
    """The auth process is asked nothing, the log says credential=exposed with the name and never the password."""
    shown = {"credential": "exposed", "protocol": protocol, "login": "carla"}  # who is in no other test
    with AuthSilence(dovecot), client(protocol, dovecot.ports) as it:
        ways = [way for way in ("command", "plain") if getattr(it, way) is not None]
        for way in ways:
            assert getattr(it, way)("carla", PASSWORD) == "refused" and it.ours(), it.transcript
        for mechanism in ("X-FOO", "XOAUTH2", "login"):
            assert it.mechanism(mechanism) == "refused" and it.ours(), it.transcript
        assert it.plain_in_two_steps("bob", PASSWORD) == "refused" and it.ours(), it.transcript
        assert it.cram_md5("bob", PASSWORD) == "refused" and it.ours(), it.transcript
    rig.wait_for(lambda: len(decisions(dovecot, **shown)) >= len(ways), "credential=exposed")
    for line in decisions(dovecot, **shown):
        assert line["reason"] == "login-without-tls" and line["verdict"] == "refuse", line
        assert line["reply"] == TEXT and line["client"] == "127.0.0.1", line


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_log_03_the_connection_goes_on_with_starttls(dovecot, protocol):
    """After refusals the same connection takes TLS and the login, without a rest of what was refused."""
    with client(protocol, dovecot.ports) as it:
        assert it.plain("mary", "wrong") == "refused" and it.ours()
        if it.command is not None:
            assert it.command("mary", "wrong") == "refused" and it.ours()
        it.starttls()
        assert "PLAIN" in it.offered()
        assert it.plain("bob", PASSWORD) == "ok", it.transcript


def unasked_lines(protocol, mechanism, *responses):
    """A command, the rest of its exchange that nobody asked for, and another command."""
    if protocol == "sieve":
        return [f'AUTHENTICATE "{mechanism}"', *(f'"{response}"' for response in responses), "NOOP"]
    begin, last = {"imap": ("a AUTHENTICATE", "a NOOP"), "pop3": ("AUTH", "NOOP"), "submission": ("AUTH", "NOOP")}[protocol]
    return [f"{begin} {mechanism}", *responses, last]


SECOND = encoded(f"\0bob\0{PASSWORD}")
UNASKED = {"PLAIN": [SECOND], f"PLAIN {{{len(SECOND)}+}}": [SECOND], "LOGIN": [encoded("bob"), encoded(PASSWORD)],
           f"LOGIN {encoded('bob')}": [encoded(PASSWORD)], "XOAUTH2": [encoded(f"user=bob\1auth=Bearer {PASSWORD}\1\1")]}
EVERYWHERE = ["PLAIN", "LOGIN", "XOAUTH2"]
ACTIVE = [*PROTOCOLS, *(["sieve"] if has_protocol("managesieve") else [])]
# What comes behind the refusal is the SMTP library's to read: it knows no such command.
PIECES = [(protocol, pieces) for protocol in ACTIVE for pieces in ("one piece", "a piece a line")
          if (protocol, pieces) != ("submission", "a piece a line")]


@pytest.mark.parametrize("protocol,pieces,command",
                         [(*piece, command) for piece in PIECES
                          for command in (UNASKED if piece[0] == "imap" else EVERYWHERE)])
def test_log_03_a_second_step_that_nobody_asked_for(dovecot, protocol, pieces, command):
    """It runs as no command, the log says whose password was exposed and not which, and STARTTLS goes on from there."""
    shown = {"credential": "exposed", "protocol": protocol, "login": "bob"}
    before = len(decisions(dovecot, **shown))
    first, *others = [line.encode() + b"\r\n" for line in unasked_lines(protocol, command, *UNASKED[command])]
    with client(protocol, dovecot.ports) as it:
        with AuthSilence(dovecot):
            if pieces == "one piece":
                # managesieve-login reads no command behind AUTHENTICATE before something else comes.
                later = [others.pop()] if protocol == "sieve" else []
                first, others = first + b"".join(others), later
            it.socket.sendall(first)
            assert it.outcome(it.final()) == "refused" and it.ours(), it.transcript
            for line in others:
                it.socket.sendall(line)
            start = len(it.transcript)
            it.outcome(it.final())
            assert re.match({"pop3": "-ERR Unknown command"}.get(protocol, it.OK), it.last), it.transcript
            assert len(it.transcript) == start + 1, it.transcript
        it.starttls()
        assert it.plain("bob", PASSWORD) == "ok", it.transcript
    rig.wait_for(lambda: len(decisions(dovecot, **shown)) > before, "credential=exposed")
    found = decisions(dovecot, **shown)[before:]
    assert [(line["mechanism"], line["verdict"]) for line in found] == [(command.split()[0], "refuse")]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mechanism", EVERYWHERE)
def test_log_03_a_command_behind_a_refused_one_is_a_command(dovecot, protocol, mechanism):
    """A client that pipelines, but no response: what follows is answered, one word or two."""
    first, last = unasked_lines(protocol, mechanism)
    with client(protocol, dovecot.ports) as it:
        it.send(f"{first}\r\n{last}")
        assert it.outcome(it.final()) == "refused" and it.ours(), it.transcript
        it.outcome(it.final())
        assert re.match({"pop3": "-ERR Unknown command"}.get(protocol, it.OK), it.last), it.transcript
        it.last = ""
        it.mechanism(mechanism)
        it.starttls()


def test_imap_replies_are_one_tagged_line(dovecot):
    with client("imap", dovecot.ports) as it:
        start = len(it.transcript)
        it.command("bob", PASSWORD)
        it.plain("bob", PASSWORD)
        assert it.transcript[start:] == [f"a NO [PRIVACYREQUIRED] {TEXT}"] * 2
        assert not any("PREAUTH" in line for line in it.transcript)


LITERALS = [b"a LOGIN {3+}\r\nbob {14+}\r\nright-password", b"a login bob right-password",
            b"a LoGiN \"bob\" \"right-password\"", b"a  LOGIN bob right-password", b"a LOGIN bob {14+}\r\nright-password",
            b"a AUTHENTICATE plain =", b"a AUTHENTICATE PLAIN " + base64.b64encode(b"x\0bob\0right-password"),
            b"a AUTHENTICATE PLAIN AGJvYgBib2I===\0"]


@pytest.mark.parametrize("command", LITERALS)
def test_log_02_every_spelling_is_refused(dovecot, command):
    with AuthSilence(dovecot), client("imap", dovecot.ports) as it:
        it.send(command)
        assert it.outcome(it.final()) == "refused", it.transcript
        assert it.ask("NOOP") == "ok" or it.final().startswith("a OK"), it.transcript


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("source", ["127.0.0.1", TRUSTED])
def test_log_04_localhost_and_trusted_networks_are_not_secure(dovecot, protocol, source):
    with client(protocol, dovecot.ports, source=source) as it:
        assert it.offered() == set()
        assert it.plain("bob", PASSWORD) == "refused" and it.ours(), it.transcript


def test_log_04_a_rule_for_one_network_opens_no_other(dovecot):
    with client("imap", dovecot.ports, source=NETWORKS["PlainTextLogin"]) as it:
        assert it.command("bob", PASSWORD) == "ok"
    with client("imap", dovecot.ports, source=STRANGER) as it:
        assert it.command("bob", PASSWORD) == "refused" and it.ours()


INJECTED = {"imap": (b"a STARTTLS\r\nb CAPABILITY\r\n", b"b "), "pop3": (b"STLS\r\nCAPA\r\n", b"SASL"),
            "submission": (b"STARTTLS\r\nEHLO injected\r\n", b"250")}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_log_05_commands_injected_before_tls_are_not_answered(dovecot, protocol):
    lines, answer = INJECTED[protocol]
    with client(protocol, dovecot.ports) as it:
        it.socket.sendall(lines)
        assert it.outcome(it.line()) == "ok"
        try:
            wrapped = rig.client_context().wrap_socket(it.socket)
            wrapped.settimeout(0.5)
            got = wrapped.recv(4096)
        except (ssl.SSLError, OSError):
            got = b""
        assert answer not in got


@pytest.mark.parametrize("source,newest,mechanism", [(STRICT_TLS, ssl.TLSVersion.TLSv1_2, "tls-version"),
                                                     (WEAK, ssl.TLSVersion.TLSv1_2, "bits")])
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_log_08_weak_tls_counts_as_none(dovecot, protocol, how, source, newest, mechanism):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = newest
    context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    with AuthSilence(dovecot), client(protocol, dovecot.ports, how=how, source=source, context=context) as it:
        assert it.offered() == set(), it.transcript
        if it.command is not None:
            assert it.command("bob", PASSWORD) == "refused" and it.ours(), it.transcript
        assert it.plain("bob", PASSWORD) == "refused" and it.ours(), it.transcript
    with client(protocol, dovecot.ports, how=how, source=source) as it:
        assert it.plain("bob", PASSWORD) == "ok", it.transcript


def proxy_v2(source, port, with_tls):
    """The header of a client at `source` with the port that it has here, which tells whose question one is."""
    def header(own):
        ssl_tlv = struct.pack("!BHBI", 0x20, 5, 1, 0) if with_tls else b""
        addresses = socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", own, port)
        return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11]) + struct.pack("!H", len(addresses) + len(ssl_tlv)) +
                addresses + ssl_tlv)
    return header


def proxy_v1(source, port):
    return lambda own: f"PROXY TCP4 {source} 127.0.0.1 {own} {port}\r\n".encode()


@pytest.mark.parametrize("proxy,with_tls,permitted", [(PROXY, True, True), (PROXY, False, False),
                                                      ("127.0.0.82", True, False)])
def test_log_09_tls_at_a_proxy_counts_where_the_rule_names_it(dovecot, proxy, with_tls, permitted):
    port = dovecot.ports["proxied"]
    with client("imap", dovecot.ports, source=proxy, port=port, preamble=proxy_v2("192.0.2.9", port, with_tls)) as it:
        assert ("PLAIN" in it.offered()) == permitted
        assert (it.command("bob", PASSWORD) == "ok") == permitted, it.transcript
        assert permitted or it.ours()


def test_log_09_the_old_header_says_nothing_of_tls(dovecot):
    """PROXY v1 through the proxy whose word on TLS counts: the client is the one named, without TLS."""
    port = dovecot.ports["proxied"]
    with AuthSilence(dovecot), client("imap", dovecot.ports, source=PROXY, port=port,
                                      preamble=proxy_v1("192.0.2.10", port)) as it:
        assert it.offered() == set()
        assert it.plain("bob", PASSWORD) == "refused" and it.ours(), it.transcript
    assert wait_decision(dovecot, client="192.0.2.10", credential="exposed", protocol="imap")


@pytest.mark.parametrize("header", [lambda port: proxy_v1("192.0.2.9", port),
                                    lambda port: proxy_v2("192.0.2.9", port, True)], ids=["v1", "v2"])
def test_log_09_a_proxy_header_from_a_stranger_is_dropped(dovecot, header):
    port = dovecot.ports["proxied"]
    with pytest.raises((EOFError, OSError)):
        client("imap", dovecot.ports, source=STRANGER, port=port, preamble=header(port))


def test_audit_refuses_nothing_and_says_so(dovecot):
    with client("imap", dovecot.ports, source=AUDIT) as it:
        assert it.command("bob", PASSWORD) == "ok", it.transcript
    line = wait_decision(dovecot, verdict="would-refuse", client=AUDIT, protocol="imap")[0]
    assert line["mode"] == "audit" and line["reason"] == "login-without-tls"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_audit_hides_nothing(dovecot, protocol):
    """What audit mode lets pass is offered, as where everything is permitted."""
    with client(protocol, dovecot.ports, source=NETWORKS["PlainTextLogin"]) as free, \
            client(protocol, dovecot.ports, source=AUDIT) as audited:
        offered = audited.offered()
        assert "PLAIN" in offered and offered == free.offered()


def test_log_11_clients_cut_at_any_byte_harm_nobody(dovecot):
    """LOG-11, fewer clients: connections reset in the middle of commands and refusals."""
    chance = random.Random(11)
    script = {"imap": b"a CAPABILITY\r\na AUTHENTICATE PLAIN AGJvYgBib2I=\r\na LOGIN {3+}\r\nbob {3+}\r\nbob\r\na STARTTLS\r\n",
              "pop3": b"CAPA\r\nUSER bob\r\nPASS bob\r\nAUTH PLAIN AGJvYgBib2I=\r\nSTLS\r\n",
              "submission": b"EHLO x\r\nAUTH PLAIN AGJvYgBib2I=\r\nAUTH CRAM-MD5\r\nSTARTTLS\r\n"}
    for count in range(120):
        protocol = chance.choice(PROTOCOLS)
        source = chance.choice(list(NETWORKS.values()))
        with socket.create_connection(("127.0.0.1", dovecot.ports[protocol]), rig.PATIENCE, (source, 0)) as raw:
            Client.ports.append(raw.getsockname()[1])  # who may still ask when it has left
            if chance.random() < 0.7:
                raw.recv(1)
            raw.sendall(script[protocol][:chance.randrange(len(script[protocol]))])
            if chance.random() < 0.5:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for protocol in PROTOCOLS:
        with client(protocol, dovecot.ports, how="implicit") as it:
            assert it.plain("bob", PASSWORD) == "ok", it.transcript
    assert not dovecot.lines(r"killed with signal|Panic:|core dumped|Raw backtrace")


@pytest.mark.skipif(not has_protocol("managesieve"), reason="no managesieve-login")
def test_log_02_managesieve(dovecot):
    with AuthSilence(dovecot), client("sieve", dovecot.ports) as it:
        assert it.offered() == set()
        assert it.plain("bob", PASSWORD) == "refused" and it.ours(), it.transcript
        assert it.cram_md5("bob", PASSWORD) == "refused" and it.ours(), it.transcript
    line = wait_decision(dovecot, credential="exposed", protocol="sieve")[-1]
    assert line["login"] == "bob"
    with client("sieve", dovecot.ports, how="starttls") as it:
        assert "PLAIN" in it.offered()
        assert it.plain("bob", PASSWORD) == "ok", it.transcript
