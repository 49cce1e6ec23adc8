"""Ways round the question in main.cf and master.cf: a real client gets through, and `check` has an error for it."""
import re
import socket

import pytest

import rig
from rig.past_policy import INSIDE, STRANGER, Plain, Site, wait_plain

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
]

RELAY = "smtpd_relay_restrictions"
OPEN = f"{RELAY}=permit_mynetworks,reject"
END = ", reject_unauth_destination\n"
LOCAL = f"mynetworks = 127.0.0.0/8 {socket.gethostbyname(socket.gethostname())}\n"


class Attacked(Site):
    """`$HOOK`, `$ARGUMENT` (its server), `$PORT`, `$OTHER` in what is written stand for the question, port smtp and a free port."""

    def __init__(self, folder):
        super().__init__(folder)
        self.other = rig.free_port()

    def filled(self, text):
        hook = re.search(r"check_policy_service \{ .*policy_context=relay.*?\}", self.postfix.wired["main.cf"])[0]
        for name, value in {"HOOK": hook, "ARGUMENT": hook.partition(" ")[2], "PORT": self.ports["smtp"], "OTHER": self.other}.items():
            text = text.replace(f"${name}", str(value))
        return text

    def change(self, main="", entry="", options="", more=""):
        """Puts another entry at port smtp, more options to it (the first), or more entries."""
        self.configure(main=LOCAL + self.filled(main))
        path = self.postfix.etc / "master.cf"
        text, port = path.read_text(), self.ports["smtp"]
        if entry:
            text = re.sub(rf"(?m)^{port} inet .*\n", lambda _: self.filled(entry), text)
        if options:
            text = re.sub(rf"(?m)^{port} inet .*\n", lambda found: found[0] + self.filled(options), text)
        path.write_text(text + self.filled(more))
        return self

    def errors(self):
        code, findings = self.found()
        errors = [row for row in findings if row[0] == "error"]
        assert (code == 1) == bool(errors)
        return errors


@pytest.fixture(scope="module")
def site(module_folder):
    made = Attacked(module_folder)
    made.daemon.start()
    yield made
    made.daemon.kill()


# What is written, and the place and a word of the error. Whoever connects to port smtp may write to INSIDE then.
PORT_SMTP = {
    "a permit in capitals": (dict(main=f"{RELAY} = Permit_MyNetworks, $HOOK" + END), RELAY, "stands before"),
    "a permit of old": (dict(main=f"{RELAY} = check_relay_domains, permit, $HOOK" + END), RELAY, "check_relay_domains stands"),
    "a table that permits all": (dict(main=f"{RELAY} = check_client_access static:{{OK}}, $HOOK" + END), RELAY, "stands before"),
    "a table that permits one": (
        dict(main=f"{RELAY} = check_client_access inline:{{{{ 192.0.2.1=REJECT }}, {{ 127.0.0.1 = 200 }}}}, $HOOK" + END),
        RELAY, "stands before"),
    "a table alone": (dict(main=f"{RELAY} = static:permit, $HOOK" + END), RELAY, "stands before"),
    "a warning alone, in capitals": (dict(main=f"{RELAY} = Warn_If_Reject $HOOK" + END), RELAY, "warn_if_reject"),
    "a class that only warns": (
        dict(main=f"smtpd_restriction_classes = ours\nours = $HOOK\n{RELAY} = warn_if_reject ours" + END),
        RELAY, "warn_if_reject"),
    "a class that is called like a table": (
        dict(main=f"smtpd_restriction_classes = check_ours\ncheck_ours = reject_non_fqdn_sender\n"
             f"{RELAY} = check_ours permit_mynetworks, $HOOK" + END), RELAY, "permit_mynetworks stands before"),
    "a class behind one that is called so": (
        dict(main=f"smtpd_restriction_classes = check_ours, ours\ncheck_ours = reject_non_fqdn_sender\n"
             f"ours = permit_mynetworks\n{RELAY} = ours, $HOOK" + END), RELAY, "permit_mynetworks stands before"),
    "a class with the name of a restriction": (
        dict(main=f"smtpd_restriction_classes = check_client_access\ncheck_client_access = reject_non_fqdn_sender\n"
             f"{RELAY} = check_client_access static:OK, $HOOK" + END), RELAY, "check_client_access static:OK stands before"),
    "a class behind one called sleep": (
        dict(main=f"smtpd_restriction_classes = sleep ours\nsleep = reject_non_fqdn_sender\nours = permit_mynetworks\n"
             f"{RELAY} = ours, $HOOK" + END), RELAY, "permit_mynetworks stands before"),
    "a class between braces": (
        dict(main=f"smtpd_restriction_classes = {{a, ours, b}}\n{{a = reject_non_fqdn_sender\nb}} = reject_non_fqdn_sender\n"
             f"ours = permit_mynetworks\n{RELAY} = ours, $HOOK" + END), RELAY, "permit_mynetworks stands before"),
    "a class within twelve": (
        dict(main="smtpd_restriction_classes = " + " ".join(f"a{i}" for i in range(12)) + "\n" +
             "".join(f"a{i} = a{i + 1}\n" for i in range(11)) + f"a11 = permit_mynetworks\n{RELAY} = a0, $HOOK" + END),
        RELAY, "permit_mynetworks stands before"),
    "a class within thirty": (
        dict(main="smtpd_restriction_classes = " + " ".join(f"a{i}" for i in range(30)) + "\n" +
             "".join(f"a{i} = a{i + 1}\n" for i in range(29)) + f"a29 = permit_mynetworks\n{RELAY} = a0, $HOOK" + END),
        RELAY, "too deep to follow"),
    "a class of one listener": (
        dict(options="  -o smtpd_restriction_classes=ours -o ours=permit_mynetworks\n"
             f"  -o {{ {RELAY} = ours, $HOOK, reject }}\n"), f"$PORT/inet/{RELAY}", "permit_mynetworks stands before"),
    "a name of one listener": (
        dict(main=f"mine = $HOOK\n{RELAY} = $mine" + END, options="  -o mine=permit_mynetworks\n"), RELAY, "not asked"),
    "a permit for the service's name": (
        dict(main=f"{RELAY} = ${{{{$service_name}} == {{$PORT}} ? {{permit_mynetworks,}}}} $HOOK" + END), RELAY,
        "permit_mynetworks stands before"),
    "a permit for the service's name, twice removed": (
        dict(main=f"of_port = ${{{{$(service_name)}} == {{$PORT}} ? {{permit_mynetworks,}}}}\n{RELAY} =\n"
             "# among its lines\n  $of_port $HOOK" + END), RELAY, "permit_mynetworks stands before"),
    "a permit for the process's name": (
        dict(options=f"  -o {{ {RELAY} = ${{{{$process_name}} == {{smtpd}} ? {{permit_mynetworks,}}}} $HOOK, reject }}\n"),
        f"$PORT/inet/{RELAY}", "permit_mynetworks stands before"),
    "an option without its blank": (dict(options=f"  -o{OPEN}\n"), f"$PORT/inet/{RELAY}", "not asked"),
    "an option behind another letter": (dict(options=f"  -vo {OPEN}\n"), f"$PORT/inet/{RELAY}", "not asked"),
    "both": (dict(options=f"  -vo{OPEN}\n"), f"$PORT/inet/{RELAY}", "not asked"),
    "an option behind another": (dict(options=f"  -m 5 -o {OPEN}\n"), f"$PORT/inet/{RELAY}", "not asked"),
    "an option in braces": (dict(options=f"  {{-o}} {{ {OPEN.replace('=', ' = ')} }}\n"), f"$PORT/inet/{RELAY}", "not asked"),
    "an option among comments": (dict(options=f"# one\n\n  # two\n\t-o\t{OPEN}\n"), f"$PORT/inet/{RELAY}", "not asked"),
    "the second entry of a listener": (
        dict(more=f"$PORT inet n - n - - smtpd\n  -o smtpd_tls_security_level=may -o {OPEN}\n"), f"$PORT/inet/{RELAY}",
        "not asked"),
}


@pytest.mark.parametrize("written,place,word", PORT_SMTP.values(), ids=PORT_SMTP)
def test_who_gets_round_the_question_is_an_error(site, written, place, word):
    site.change(**written)
    errors = site.errors()
    assert [row for row in errors if row[1] == site.filled(place) and word in row[2]], errors
    with site:
        # (Postfix 3.9 and later know no check_relay_domains: they refuse everybody there.)
        assert site.ask(STRANGER, INSIDE) in (["250"] if "check_relay_domains" not in word else ["250", "451"])


HOST = socket.gethostname()
UNASKED = f"  -o {OPEN} -o smtpd_sender_restrictions=\n"
OTHER_PORT = {
    "an smtpd by a host's name": (f"{HOST}:$OTHER inet n - n - - smtpd\n{UNASKED}", f"{HOST}:$OTHER/inet/{RELAY}"),
    "an smtpd in brackets": (f"[{{address}}]:$OTHER inet n - n - - smtpd\n{UNASKED}",
                             f"[{{address}}]:$OTHER/inet/{RELAY}"),
}


@pytest.mark.parametrize("entry,place", OTHER_PORT.values(), ids=OTHER_PORT)
def test_another_way_in_is_an_error(site, entry, place):
    address = socket.gethostbyname(HOST)
    site.change(main="inet_interfaces = all\n", more=entry.format(address=address))
    errors = site.errors()
    assert site.filled(place.format(address=address)) in [row[1] for row in errors], errors
    with site:
        client = wait_plain((address, site.other))
        assert client.ask(STRANGER, INSIDE) == "250"
        client.close()


def test_what_stress_opens_is_an_error(site):
    """Clients that hold all processes of a listener choose what the next ones are told. A process serves one client here: none
    is left of whoever came before."""
    site.change(main=f"inet_interfaces = all\nmax_use = 1\n{RELAY} = ${{stress?{{permit_mynetworks,}}}} $HOOK" + END,
                entry="$PORT inet n - n - 2 smtpd\n")
    errors = site.errors()
    assert [row for row in errors if row[1] == RELAY and "permit_mynetworks stands before" in row[2]], errors
    with site:
        first = Plain(("127.0.0.1", site.ports["smtp"]))
        assert site.ask(STRANGER, INSIDE) == "250"
        first.close()


@pytest.mark.parametrize("entry,severity,word", [
    ("0.0.0.0:$OTHER inet n n n - - spawn\n  user=nobody argv=/usr/sbin/sendmail -bs\n", "error", "sendmail takes mail past"),
    ("127.0.0.1:$OTHER inet n n n - - spawn user=nobody argv=/usr/sbin/sendmail -bs\n", "note", "sendmail takes mail past"),
    ("0.0.0.0:$OTHER inet n n n - - spawn\n  user=nobody argv=/usr/bin/policyd-spf\n", "warning", "policyd-spf listens"),
    ("127.0.0.1:$OTHER inet n n n - - spawn\n  user=nobody argv=/usr/bin/policyd-spf\n", None, ""),
    ("0.0.0.0:$OTHER inet n - n - - trivial-rewrite\n", "warning", "trivial-rewrite listens"),
], ids=["sendmail", "sendmail for this machine", "another program", "for this machine", "a program of Postfix"])
def test_what_else_listens_on_the_network_is_named(site, entry, severity, word):
    site.change(more=entry)
    _, findings = site.found()
    assert [row[0] for row in findings] == ([severity] if severity else []), findings
    assert not severity or word in findings[0][2]


SOUND = {
    "a table that permits nobody": dict(
        main=f"{RELAY} = check_client_access inline:{{{{ok = REJECT 200}}, 127.0.0.1=DUNNO}}, $HOOK" + END),
    "the question in a class, in capitals": dict(
        main=f"smtpd_restriction_classes = ours\nours = Reject_Non_Fqdn_Sender, Check_Policy_Service"
             f" $ARGUMENT\n{RELAY} = ours" + END),
    "the service's name elsewhere": dict(main="syslog_name = postfix/$service_name\n"),
    "another service's name": dict(
        main=f"{RELAY} = ${{{{$service_name}} == {{other}} ? {{permit_mynetworks,}}}} $HOOK" + END),
    "stress that opens nothing": dict(main="smtpd_timeout = ${stress?{10}:{300}}s\n"),
    "an earlier entry of a listener": dict(
        entry=f"$PORT inet n - n - - smtpd\n  -o {OPEN}\n$PORT inet n - n - - smtpd\n  -o smtpd_sasl_auth_enable=no\n"),
}


@pytest.mark.parametrize("written", SOUND.values(), ids=SOUND)
def test_what_gets_nobody_round_it_is_no_finding(site, written):
    site.change(**written)
    assert [row for row in site.found()[1] if row[0] == "error" and "smtpd_tls" not in row[1]] == []
    with site:
        assert site.ask(STRANGER, INSIDE) == "550"
