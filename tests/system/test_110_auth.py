"""The auth module on a real Dovecot: accounts per service, and refusals that look like wrong passwords."""
import datetime
import random
import re
import statistics
import subprocess
import time

import pytest

import rig
from rig.dovecot import has_protocol, version
from rig.login_clients import client, encoded
from rig.login_site import DIRECTORY, MASTERS, PASSWORD, POLICY, SMTP, LoginSite, block, password_file

pytestmark = pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")

PROTOCOLS = [name for name in ("imap", "pop3", "submission") if has_protocol(name)]


@pytest.fixture(scope="module")
def site():
    tokens = " xoauth2" if version() == "2.3" else ""  # 2.4 wants a token server's settings for it
    extra = (f"auth_cache_size = 10M\nauth_mechanisms = plain login cram-md5 scram-sha-256 external{tokens}\n"
             "auth_ssl_username_from_cert = yes\n" + MASTERS)
    with LoginSite(extra) as made:
        yield made


@pytest.mark.parametrize("way", ["plain", "plain_in_two_steps", "cram_md5", "scram", "command"])
def test_aut_01_05_06_switches_hold_for_every_mechanism_and_service(site, way):
    """AUT-01, AUT-05, AUT-06 (the cache is on): eve has IMAP only; her right password opens nothing else."""
    for _ in range(2):
        for protocol, permitted in (("imap", True), ("pop3", False), ("submission", False)):
            if protocol not in PROTOCOLS or (way == "command" and protocol == "submission"):
                continue
            assert site.log_in(protocol, "eve", way=way) == permitted, (way, protocol)
            assert site.log_in(protocol, "bob", way=way), (way, protocol)


def test_aut_01_postfix_is_told_no(site):
    with site.sasl() as sasl:
        assert sasl.plain("bob", PASSWORD, *SMTP).ok
        assert not sasl.plain("eve", PASSWORD, *SMTP).ok
        assert not sasl.plain("bob", "wrong", *SMTP).ok
        assert sasl.plain("eve@example.test", PASSWORD, "service=imap", "secured=tls", "lip=127.0.0.1",
                          "rip=192.0.2.7", "lport=993").ok


def reply_of(site, protocol, login, password):
    with client(protocol, site.ports, how="implicit") as it:
        it.plain(login, password)
        return it.last


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_aut_02_refusals_are_one_reply(site, protocol):
    """AUT-02, the bytes: a wrong password, nobody of that name, a switched-off user, a user the directory lacks."""
    replies = {reply_of(site, protocol, login, password) for login, password in
               (("bob", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD), ("gone", "wrong"), ("stranger", PASSWORD))}
    assert len(replies) == 1, replies


def test_aut_02_refusals_are_one_answer_for_postfix(site):
    with site.sasl() as sasl:
        answers = {tuple(field for field in sasl.plain(login, password, *SMTP).fields if not field.startswith("user="))
                   for login, password in (("bob", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD), ("gone", "wrong"),
                                           ("stranger", PASSWORD))}
    assert len(answers) == 1, answers


KINDS = {"wrong": ("bob", "wrong"), "unknown": ("nobody", "wrong"), "off": ("gone", PASSWORD),
         "off and wrong": ("gone", "wrong"), "not listed": ("stranger", PASSWORD)}


ROUNDS = 40


# With unlisted_logins = own_address the stranger may log in, and an alias may not.
OWN_ADDRESS_KINDS = {"wrong": ("stranger", "wrong"), "unknown": ("nobody", "wrong"), "off": ("gone", PASSWORD),
                     "an alias": ("robert", PASSWORD), "listed and wrong": ("bob", "wrong")}


def answer_times(sasl, kinds=KINDS):
    """For each kind how long its refusals took, in seconds: ROUNDS of each at once, each time one of every kind together."""
    chance, sent, times = random.Random(2), {}, {kind: [0.0] * ROUNDS for kind in kinds}
    for number in range(ROUNDS):
        for kind in chance.sample(list(kinds), len(kinds)):
            sent[str(sasl.number + 1)] = kind, number, time.monotonic()
            sasl.ask("PLAIN", *SMTP, response="\0" + "\0".join(kinds[kind]))
    while sent:
        answer = sasl.line().split("\t")
        assert answer[0] == "FAIL", answer
        kind, number, start = sent.pop(answer[1])
        times[kind][number] = time.monotonic() - start
    return times


@pytest.mark.parametrize("scheme,policy,kinds", [
    ("PLAIN", POLICY, KINDS), ("SHA512-CRYPT", POLICY, KINDS),
    ("SHA512-CRYPT", "unlisted_logins = own_address\n" + POLICY, OWN_ADDRESS_KINDS)],
    ids=["PLAIN", "SHA512-CRYPT", "own_address"])
def test_aut_02_refusals_take_one_time(scheme, policy, kinds):
    """AUT-02, the time: all kinds wait for the same clock, which Dovecot looks at twice a second whatever waits, and what a
    hash costs goes under. Compared are those that were asked together: between the medians all else is equal."""
    with LoginSite(failure_delay="1s", protocols=["imap"], scheme=scheme, policy=policy) as site, site.sasl() as sasl:
        assert sasl.plain("bob", PASSWORD, *SMTP).ok
        times = answer_times(sasl, kinds)
    assert min(min(values) for values in times.values()) > 0.3, times
    for kind, values in times.items():
        apart = statistics.median(value - wrong for value, wrong in zip(values, times["wrong"]))
        assert abs(apart) < 0.005, (kind, apart)


def static_passdb():
    if version() == "2.3":
        return "passdb {\n  driver = static\n  args = nopassword=y\n}\n"
    return "passdb static {\n  fields {\n    nopassword = y\n  }\n}\n"


@pytest.mark.parametrize("wiring", ["as shown", "without result_failure"])
def test_aut_04_no_later_passdb_rescues(wiring):
    site = LoginSite(static_passdb(), users=[], protocols=["imap", "pop3"])
    if wiring != "as shown":
        text = site.dovecot.config.read_text()
        site.dovecot.config.write_text(re.sub(r"(?m)^\s+result_(success|failure|internalfail) = .*\n", "", text))
    with site:
        assert site.log_in("imap", "eve", "anything")
        assert not site.log_in("pop3", "eve", "anything")
        assert not site.log_in("imap", "nobody", "anything")
        if wiring != "as shown":
            rig.wait_for(lambda: site.dovecot.lines("result_failure = return-fail"), "the warning")


def test_aut_04_no_later_passdb_rescues_where_the_directory_is_gone():
    site = LoginSite(static_passdb(), users=[], protocols=["imap"])
    text = site.dovecot.config.read_text()
    site.dovecot.config.write_text(re.sub(r"(?m)^\s+result_(success|failure|internalfail) = .*\n", "", text))
    (site.files.published / "snapshot.mdb").unlink()
    with site:
        assert not site.log_in("imap", "eve", "anything")


def test_aut_08_masters_get_what_the_mailbox_may(site):
    """AUT-08: the switches are the user's, not the master's; submitting as a user is a right of its own."""
    assert site.log_in("imap", "mary*admin", "master-password")
    assert site.log_in("pop3", "mary*admin", "master-password")
    assert not site.log_in("imap", "gone*admin", "master-password")
    assert not site.log_in("pop3", "eve*admin", "master-password")
    assert not site.log_in("imap", "mary*admin", "wrong")
    assert not site.log_in("imap", "mary*bob", PASSWORD)
    with site.sasl() as sasl:
        assert not sasl.plain("mary*admin", "master-password", *SMTP).ok
        assert not sasl.plain("admin", "master-password", *SMTP, authzid="mary").ok
        assert not sasl.plain("bob", PASSWORD, *SMTP, authzid="mary").ok
    assert site.decided(login="gone", master="admin", verdict="refuse")
    assert site.decided(login="mary", master="admin", reason="master-refused")


def anonymous(user):
    return f"auth_mechanisms = plain login anonymous\nauth_anonymous_username = {user}\n"


@pytest.mark.parametrize("user,permitted", [("gone", []), ("eve", ["imap"]), ("bob", ["imap", "pop3", "smtp"]),
                                            ("stranger", [])])
def test_aut_05_a_mechanism_that_asks_no_passdb_is_asked_too(user, permitted):
    """ANONYMOUS logs in as a user whom no password was asked of: the user's switches hold all the same."""
    with LoginSite(anonymous(user)) as site:
        for protocol in ("imap", "pop3"):  # submission-login takes no ANONYMOUS
            with client(protocol, site.ports, how="implicit") as it:
                assert (it.mechanism("ANONYMOUS", encoded("x")) == "ok") == (protocol in permitted), it.last
                refused = it.last
            if protocol not in permitted:
                assert refused == reply_of(site, protocol, "bob", "wrong")
        with site.sasl() as sasl:
            assert sasl.begin("ANONYMOUS", *SMTP, response="x").ok == ("smtp" in permitted)
        if user == "gone":
            assert site.decided(login="gone", mechanism="ANONYMOUS", verdict="refuse", protocol="imap")
        assert not site.dovecot.lines(r"killed with signal|Panic:")


def test_aut_10_a_mechanism_that_asks_no_passdb_fails_for_now_without_a_directory():
    site = LoginSite(anonymous("bob"), protocols=["imap"])
    (site.files.published / "snapshot.mdb").unlink()
    with site, client("imap", site.ports, how="implicit") as it:
        assert it.mechanism("ANONYMOUS", encoded("x")) == "refused" and it.last.startswith("a NO [UNAVAILABLE]"), it.last


def test_aut_04_a_login_that_never_came_to_the_passdb_is_judged():
    """A passdb block of ours that Dovecot skips for LOGIN, and a master's block that somebody forgot."""
    masters = "auth_master_user_separator = *\n" + block("passwd-file", password_file("MASTERS"), master=True)
    site = LoginSite(masters, protocols=["imap", "pop3"])
    text = site.dovecot.config.read_text()
    filtered = "mechanisms = plain" if version() == "2.3" else "mechanisms_filter = plain"
    site.dovecot.config.write_text(text.replace("  driver = mailwicket\n", f"  driver = mailwicket\n  {filtered}\n"))
    with site:
        for protocol in ("imap", "pop3"):
            with client(protocol, site.ports, how="implicit") as it:
                it.mechanism("LOGIN")
                it.ask(encoded("eve"))
                assert (it.ask(encoded(PASSWORD)) == "ok") == (protocol == "imap"), it.transcript
        assert site.log_in("imap", "mary*admin", "master-password")
        assert not site.log_in("imap", "gone*admin", "master-password")


NAMES = ["mary@@example.test", "%u", "%{lua:x}", "a?b", "*)(uid=*", "' or 1=1--", "mary@", "@example.test", "m\x01ry",
         "x" * 3000, "robert@example.test"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_aut_09_odd_names_are_nobody(site, name):
    with site.sasl() as sasl:
        assert not sasl.plain(name, PASSWORD, *SMTP).ok
    assert not site.dovecot.lines(r"killed with signal|Panic:")


@pytest.mark.parametrize("size", [8000, 64 * 1024])
def test_aut_09_a_name_that_does_not_end_is_nobody(site, size):
    """Refused or cut off, at every door, and the doors stay open."""
    for protocol in PROTOCOLS:
        with client(protocol, site.ports, how="implicit") as it:
            try:
                assert it.plain("m" * size, PASSWORD) == "refused", it.last
            except (EOFError, OSError):  # closed while it read, or while it wrote
                pass
    with site.sasl() as sasl:
        try:
            assert not sasl.plain("m" * size, PASSWORD, *SMTP).ok
        except (EOFError, OSError):
            pass
    for protocol in PROTOCOLS:
        assert site.log_in(protocol, "bob")
    assert not site.dovecot.lines(r"killed with signal|Panic:")


def test_aut_09_names_compare_without_case(site):
    with site.sasl() as sasl:
        assert sasl.plain("MARY@Example.Test", PASSWORD, *SMTP).ok
        assert not sasl.plain("mary ", PASSWORD, *SMTP).ok
        assert not sasl.begin("PLAIN", *SMTP, response=b"\0mary\xff\0right-password").ok
        assert not sasl.begin("PLAIN", *SMTP, response=b"\0mary\0x\0right-password").ok


def test_aut_10_a_directory_that_cannot_be_read_is_a_temporary_failure():
    """AUT-10: missing and corrupt; said once or twice, however many log in; well again without a restart."""
    with LoginSite() as site:
        snapshot = site.files.published / "snapshot.mdb"
        assert site.log_in("imap", "bob")
        for harm in (snapshot.unlink, lambda: snapshot.write_bytes(b"\0" * 8192)):
            harm()
            with client("imap", site.ports, how="implicit") as it:
                assert it.plain("bob", PASSWORD) == "refused"
                assert it.last.startswith("a NO [UNAVAILABLE]"), it.last
            with client("pop3", site.ports, how="implicit") as it:
                assert it.plain("bob", PASSWORD) == "refused" and it.last.startswith("-ERR [SYS/TEMP]"), it.last
            with site.sasl() as sasl:
                answer = sasl.plain("bob", PASSWORD, *SMTP)
                assert not answer.ok and answer.temporary, answer.line
        snapshot.unlink()
        site.files.sync()
        assert site.log_in("imap", "bob")
        # The auth process says this after all of that.
        assert not site.log_in("imap", "gone") and site.decided(login="gone", verdict="refuse")
        told = site.dovecot.lines("the directory cannot be read|no request can be answered")
        assert 1 <= len(told) <= 2, told


def test_a_published_change_counts_at_once():
    """Also while Dovecot's cache has the right password."""
    with LoginSite("auth_cache_size = 10M\n", protocols=["imap"]) as site:
        assert site.log_in("imap", "bob")
        site.files.write_directory(DIRECTORY.replace("user bob@example.test", "user bob@example.test imap=no"))
        assert not site.log_in("imap", "bob")
        site.files.write_directory(DIRECTORY)
        assert site.log_in("imap", "bob")


def auth_test(site, login, password, *fields):
    """What `doveadm auth test` says."""
    options = [word for field in fields for word in ("-x", field)]
    done = subprocess.run([rig.tool("doveadm"), "-c", str(site.dovecot.config), "auth", "test", *options, login, password],
                          capture_output=True, text=True, timeout=rig.PATIENCE)
    return "auth succeeded" in done.stdout


def test_an_administrator_tries_accounts_with_doveadm(site):
    """Without addresses the switches are what is judged; with them everything is, and a port alone makes no IMAP of SMTP."""
    for service, permitted in (("imap", True), ("pop3", False), ("sieve", False)):
        assert auth_test(site, "eve", PASSWORD, f"service={service}") == permitted, service
        assert auth_test(site, "bob", PASSWORD, f"service={service}"), service
        assert not auth_test(site, "bob", "wrong", f"service={service}"), service
    smtp = ("service=smtp", "lip=127.0.0.1", "rip=192.0.2.7")
    assert auth_test(site, "bob", PASSWORD, *smtp, "secured")
    assert not auth_test(site, "bob", PASSWORD, *smtp)
    assert not auth_test(site, "eve", PASSWORD, *smtp, "secured")
    imap = ("service=imap", "lip=127.0.0.1", "rip=192.0.2.7")
    assert auth_test(site, "eve", PASSWORD, *imap, "lport=993", "secured=tls")
    assert not auth_test(site, "eve", PASSWORD, *imap, "lport=143")
    for field in imap[1:]:
        assert not auth_test(site, "eve", PASSWORD, "service=imap", field, "secured=tls"), field


def test_the_end_of_an_audit_is_announced_a_week_before():
    """Once for each time that the auth process reads the policy; the login processes, one a connection, say nothing."""
    def ending(name, address, days):
        day = rig.today() + datetime.timedelta(days=days)
        return f'login "{name}" {{ remote = {{ "{address}" }} mode = audit audit_until = "{day}" }}\n'
    policy = POLICY + ending("soon", "127.0.0.46", 6) + ending("later", "127.0.0.47", 30)
    with LoginSite(policy=policy, protocols=["imap"]) as site:
        def announced():
            return site.dovecot.lines(r"Warning: .*the audit of .* ends on")
        for _ in range(3):
            assert site.log_in("imap", "bob")
        assert not site.log_in("imap", "gone") and site.decided(login="gone", verdict="refuse")  # behind it, in the log
        assert len(announced()) == 1 and "auth: Warning: mailwicket: " in announced()[0] and '"soon"' in announced()[0]

        def announced_again():
            try:
                site.log_in("imap", "bob")
            except (EOFError, OSError):  # its login process ended with the auth process that it had asked
                pass
            return len(announced()) == 2
        site.dovecot.reload()
        rig.wait_for(announced_again, "the auth process to read it again")


def test_login_types_hold_in_the_auth_process_too(site):
    """A login process without the plugin, or a proxy, that passes a password on without TLS."""
    imap = ("service=imap", "lip=127.0.0.1", "rip=192.0.2.7", "lport=143")
    with site.sasl() as sasl:
        assert not sasl.plain("bob", PASSWORD, *imap).ok
        assert not sasl.plain("bob", PASSWORD, *imap, "secured").ok
        assert sasl.plain("bob", PASSWORD, *imap, "secured=tls").ok
        audit = [field.replace("192.0.2.7", "127.0.0.44") for field in imap]
        assert sasl.plain("bob", PASSWORD, *audit).ok
        assert sasl.plain("bob", PASSWORD, "service=smtp", "lip=127.0.0.1", "rip=192.0.2.7").ok is False


def test_connectors_for_postfix_by_sasl_service(site):
    """BasicAuthRequireTLS holds for `smtp`; the printers' service may do without TLS, the challenge one takes no PLAIN."""
    def fields(service, *more):
        return (f"service={service}", "lip=127.0.0.1", "rip=192.0.2.7", *more)
    with site.sasl() as sasl:
        assert sasl.plain("bob", PASSWORD, *fields("smtp", "secured")).ok
        assert not sasl.plain("bob", PASSWORD, *fields("smtp")).ok
        assert sasl.plain("bob", PASSWORD, *fields("printer")).ok
        assert not sasl.plain("bob", PASSWORD, *fields("challenge", "secured")).ok
        assert not sasl.plain("eve", PASSWORD, *fields("printer", "secured")).ok
        assert sasl.begin("CRAM-MD5", *fields("challenge")).word == "CONT"
    assert site.decided(reason="basic-without-tls", verdict="refuse")
    assert site.decided(reason="mechanism-refused", verdict="refuse")


def test_external_and_tokens_are_asked_too(site):
    """EXTERNAL needs a verified certificate on a connector with Tls; neither it nor a token passes the switches."""
    with site.sasl() as sasl:
        assert sasl.begin("EXTERNAL", *SMTP, "valid-client-cert", "cert_username=eve").word == "CONT"
        assert not sasl.carry_on("").ok
        if "XOAUTH2" in sasl.mechanisms:
            assert not sasl.begin("XOAUTH2", *SMTP, response="user=eve\x01auth=Bearer token\x01\x01").ok
    assert site.decided(login="eve", mechanism="EXTERNAL", verdict="refuse")


def test_auth_decisions_are_logged_without_secrets(site):
    site.log_in("imap", "gone")
    line = site.decided(login="gone", protocol="imap", reason="service-disabled")[-1]
    assert line["verdict"] == "refuse" and line["mechanism"] == "PLAIN" and line["rule"]
    assert PASSWORD not in site.dovecot.text() and "master-password" not in site.dovecot.text()
