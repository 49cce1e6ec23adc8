"""SCRAM and the other challenge mechanisms: who is switched off or suspended gets the challenge that everybody gets,
and its refusal after the proof; whole dialogues are compared."""
import base64
import poplib
import re
import subprocess
import time

import pytest

import rig
from rig.dovecot import has_protocol, version
from rig.login_clients import SCRAM_FIRST, client, scram_final
from rig.login_site import PASSWORD, SMTP, LoginSite

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

DIRECTORY = """\
user bob@example.test login=bob
user stored@example.test login=stored
user stored-off@example.test login=stored-off imap=no pop3=no smtp=no sieve=no
user off@example.test login=off imap=no pop3=no smtp=no sieve=no
user held@example.test login=held
user gone@example.test login=gone
user parked@example.test login=parked
"""
PROTOCOLS = [name for name in ("imap", "pop3", "submission", "sieve") if has_protocol(name)]


@pytest.fixture(scope="module")
def site():
    mechanisms = "plain cram-md5 scram-sha-1 scram-sha-256 apop"
    made = LoginSite(f"auth_mechanisms = {mechanisms}\n", users=["bob", "off", "held", "gone", "parked", "stranger"],
                protocols=["imap", "pop3", "submission", "sieve"])
    made.files.write_directory(DIRECTORY)
    for words in (("held", "--sending"), ("gone", "--all")):
        assert made.files.cli("suspend", *words).returncode == 0
    passwd = made.dovecot.folder / "passwd"
    made.stored = subprocess.run([rig.tool("doveadm"), "-O", "pw", "-s", "SCRAM-SHA-256", "-p", PASSWORD], text=True,
                                 capture_output=True, check=True, timeout=rig.PATIENCE).stdout.strip()
    passwd.write_text(passwd.read_text() + f"stored:{made.stored}\nstored-off:{made.stored}\n"
                      "hashed:{SHA256}x\n")
    with made:
        yield made


def dialogue(site, protocol, login, password, way):
    """All that the client reads of its login, with what is random taken out of the challenges."""
    with client(protocol, site.ports, how="starttls") as it:
        start = len(it.transcript)
        getattr(it, way)(login, password)
        return [plain_challenge(line) for line in it.transcript[start:]]


def plain_challenge(line):
    found = re.fullmatch(r'(\+ |334 |")([A-Za-z0-9+/]+=*)"?', line)
    if found is None:
        return line
    text = base64.b64decode(found.group(2)).decode()
    return re.sub(r"\br=[^,]*|\bs=[^,]*|<[^@]*@", "...", text)


def refused(protocol):
    """Who of the accounts may not log in there, as (login, password)."""
    suspended = ["held"] if protocol in ("submission", "smtp", "sieve") else []
    return [(login, password) for login in ("off", "gone", "stranger", *suspended) for password in (PASSWORD, "wrong")]


@pytest.mark.parametrize("way", ["scram", "cram_md5"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_challenge_does_not_tell_who_may_log_in(site, protocol, way):
    wanted = dialogue(site, protocol, "bob", "wrong", way)
    assert sum("..." in line for line in wanted) == 1, wanted
    for login, password in refused(protocol):
        assert dialogue(site, protocol, login, password, way) == wanted, (login, password)
    assert dialogue(site, protocol, "bob", PASSWORD, way) != wanted
    assert site.decided(login="off", protocol=protocol, verdict="refuse", reason="service-disabled")


def scram(site, login, password):
    """Postfix's side of it: the words and fields that the auth process answers."""
    with site.sasl() as sasl:
        first = SCRAM_FIRST.format(login)
        challenge = sasl.begin("SCRAM-SHA-256", *SMTP, response="n,," + first)
        if challenge.word != "CONT":
            return [challenge.word], None
        text = base64.b64decode(challenge.fields[0]).decode()
        answer = sasl.carry_on(scram_final(first, text, password))
        fields = [field for field in answer.fields if not field.startswith("user=")]
        return [challenge.word, plain_challenge("+ " + challenge.fields[0]), answer.word, fields], text


def test_postfix_is_told_it_after_the_proof(site):
    wanted, _ = scram(site, "bob", "wrong")
    assert wanted[0] == "CONT" and wanted[2:] == ["FAIL", []]
    for login, password in refused("smtp"):
        assert scram(site, login, password)[0] == wanted, (login, password)
    assert scram(site, "bob", PASSWORD)[0][2] == "CONT"  # the server's own proof, then OK


def test_without_tls_nobody_gets_a_challenge(site):
    """From a login process without the plugin: no proof crosses the wire, and all accounts are told alike."""
    imap = ("service=imap", "lip=127.0.0.1", "rip=192.0.2.7", "lport=143")
    with site.sasl() as sasl:
        for login in ("bob", "off", "gone", "stranger"):
            first = SCRAM_FIRST.format(login)
            assert sasl.begin("SCRAM-SHA-256", *imap, response="n,," + first).word == "FAIL", login
            assert sasl.begin("SCRAM-SHA-256", *imap, "secured=tls", response="n,," + first).word == "CONT", login


def test_the_challenge_is_the_accounts_own(site):
    """Salt and iterations as the password file has them, for who may log in and for who may not."""
    iterations, salt = site.stored.partition("}")[2].split(",")[:2]
    for login in ("stored", "stored-off"):
        assert scram(site, login, PASSWORD)[1].endswith(f",s={salt},i={iterations}"), login


def test_nobody_gets_a_challenge_that_is_made_up(site):
    """Whom Dovecot does not know, and an account that has a password of another kind, are told at once, as ever."""
    for login in ("nobody", "nobody@example.test", "hashed"):
        assert scram(site, login, PASSWORD) == (["FAIL"], None)


@pytest.mark.skipif(not has_protocol("pop3"), reason="no POP3 here")
def test_apop_is_refused_like_a_wrong_password(site):
    """By Python's own client."""
    def told(login, password):
        pop3 = poplib.POP3_SSL("127.0.0.1", site.ports["pop3s"], context=rig.client_context(), timeout=rig.PATIENCE)
        try:
            return pop3.apop(login, password)
        except poplib.error_proto as error:
            return error.args[0]
        finally:
            pop3.close()
    assert told("bob", PASSWORD).startswith(b"+OK")
    assert {told(*one) for one in refused("pop3")} == {told("bob", "wrong")}


def test_an_account_that_is_suspended_while_its_login_waits_is_refused(site):
    """The challenge may be answered minutes later."""
    with site.sasl() as sasl:
        first = SCRAM_FIRST.format("parked")
        challenge = sasl.begin("SCRAM-SHA-256", *SMTP, response="n,," + first)
        assert challenge.word == "CONT"
        assert site.files.cli("suspend", "parked", "--sending").returncode == 0
        began = int(time.time())
        rig.wait_for(lambda: time.time() >= began + 2, "the next second but one")
        answer = sasl.carry_on(scram_final(first, base64.b64decode(challenge.fields[0]).decode(), PASSWORD))
        if answer.word == "CONT":
            answer = sasl.carry_on("")
        assert answer.word == "FAIL", answer.line
