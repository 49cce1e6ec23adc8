"""The name that the last passdb leaves: a login is judged by it too, whichever passdb set it and in whatever field."""
import http.server
import imaplib
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest

import rig
from rig.dovecot import has_protocol, version
from rig.login_clients import client, encoded
from rig.login_site import PASSWORD, RULES, SMTP, LoginSite, block, password_file

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

# What a passdb may say of a login, and the name that it goes on as.
FIELDS = {
    "user": "user={0}",
    "username": "username={0}",
    "login_user": "login_user={0}",
    "of a prefetched userdb": "userdb_user={0}",
    "at another server": "user={0} proxy=y host=127.0.0.1 port=1",
    "destuser": "proxy=y host=127.0.0.1 port=1 destuser={0}",
    "referred": "user={0} nologin=y reason=elsewhere host=127.0.0.1",
    "told why": "user={0} reason=because",
}
ALIASES = {f"{name.replace(' ', '-')}-{who}": text.format(who) for who in ("off", "held", "gone", "eve", "bob")
           for name, text in FIELDS.items()}
ALIASES["passed-on"] = "proxy=y host=127.0.0.1 port=1 destuser=someone@elsewhere.example"
DIRECTORY = f"""\
user alias@example.test login=alias,{",".join(ALIASES)},admin
user bob@example.test login=bob
user eve@example.test login=eve pop3=no smtp=no
user off@example.test login=off imap=no pop3=no smtp=no sieve=no
user held@example.test login=held
user gone@example.test login=gone
"""
PROTOCOLS = [name for name in ("imap", "pop3") if has_protocol(name)]
WAYS = ["plain", "cram_md5", "scram", "command"]


class AliasSite(LoginSite):
    """Passwords of aliases, each with what its passdb says; two accounts are suspended."""

    def __init__(self, extra="", masters="admin", **options):
        super().__init__(extra, users=["bob", "alias", "off", "held", "gone", "eve"], **options)
        self.files.write_directory(DIRECTORY)
        passwd = self.dovecot.folder / "passwd"
        with open(passwd, "a") as file:
            file.writelines(f"{name}:{{PLAIN}}{PASSWORD}::::::{said}\n" for name, said in ALIASES.items())
        (self.folder / "masters").write_text(masters.format("master-password"))
        for words in (("held", "--sending"), ("gone", "--all")):
            assert self.files.cli("suspend", *words).returncode == 0

    def reply(self, protocol, login, password, way="plain"):
        """What it reads from the beginning of the login to its end."""
        with client(protocol, self.ports, how="implicit") as it:
            start = len(it.transcript)
            getattr(it, way)(login, password)
            return [re.sub(r"^\+ .*", "+", line) for line in it.transcript[start:]]


@pytest.fixture(scope="module")
def site():
    extra = ("auth_cache_size = 10M\nauth_master_user_separator = *\n" + block("mailwicket", RULES, master=True) +
             block("passwd-file", password_file("MASTERS") + "  result_success = continue\n", master=True))
    masters = "admin:{{PLAIN}}{0}\nother:{{PLAIN}}{0}::::::login_user=off\n"
    with AliasSite(extra, masters) as made:
        yield made


def aliases(*whose):
    return [name for name in ALIASES if name.rpartition("-")[2] in whose]


def both_replies(site, protocol, logins, way="plain", password=PASSWORD):
    """For each login what the right password is told, and what a wrong one: all at once, as each waits its delay."""
    asked = [(login, word) for login in logins for word in (password, "wrong")]
    with ThreadPoolExecutor(24) as pool:
        told = list(pool.map(lambda one: site.reply(protocol, *one, way), asked))
    return {login: (told[2 * number], told[2 * number + 1]) for number, login in enumerate(logins)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_login_that_becomes_one_who_may_not_is_refused_like_a_wrong_password(site, protocol, way):
    for _ in range(2):
        for login, (right, wrong) in both_replies(site, protocol, aliases("off", "gone"), way).items():
            assert right == wrong and not re.match(r"a OK|\+OK", right[-1]), login
    for account in ("off", "gone"):
        assert site.decided(login=account, verdict="refuse", protocol=protocol)


def test_the_switches_of_the_last_name_hold_for_each_service(site):
    """eve has IMAP and neither POP3 nor SMTP."""
    for login, (right, wrong) in both_replies(site, "imap", aliases("eve")).items():
        if "proxy" not in ALIASES[login] and "nologin" not in ALIASES[login]:
            assert right[-1].startswith("a OK"), login
        assert not wrong[-1].startswith("a OK")
    for login, (right, wrong) in both_replies(site, "pop3", aliases("eve")).items():
        assert right == wrong and right[-1].startswith("-ERR"), login


def test_postfix_is_told_no_for_the_last_name(site):
    """But for destuser: Postfix passes no session on, so that the login keeps its name."""
    asked, told = {}, {}
    with site.sasl() as sasl:
        for login in aliases("off", "eve", "held", "gone"):
            for password in (PASSWORD, "wrong"):
                sasl.ask("PLAIN", *SMTP, response=f"\0{login}\0{password}")
                asked[str(sasl.number)] = login, password
        for _ in range(len(asked)):
            word, number, *fields = sasl.line().split("\t")
            told[asked[number]] = word, [field for field in fields if not field.startswith(("user=", "original_user="))]
    for login in aliases("off", "eve", "held", "gone"):
        if login.startswith("destuser"):
            assert told[login, PASSWORD][0] == "OK"
        else:
            assert told[login, PASSWORD] == told[login, "wrong"] == ("FAIL", []), login


LOGGED_IN = r"imap-login: (Info: Login|Info: Logged in): user=<bob>"


def test_who_may_goes_on_as_it_always_did(site):
    """In the mailbox that the passdb named."""
    for login in aliases("bob"):
        if "proxy" in ALIASES[login] or "nologin" in ALIASES[login]:
            continue
        before = len(site.dovecot.lines(LOGGED_IN))
        with imaplib.IMAP4_SSL("127.0.0.1", site.ports["imaps"], ssl_context=rig.client_context()) as imap:
            imap.login(login, PASSWORD)
            assert imap.select()[0] == "OK"
        rig.wait_for(lambda: len(site.dovecot.lines(LOGGED_IN)) > before, f"the line of {login}")
    with site.sasl() as sasl:
        answer = sasl.plain("user-bob", PASSWORD, *SMTP)
        assert answer.ok and "user=bob" in answer.fields


def test_a_session_that_is_passed_on_under_a_name_of_no_account_here_is(site):
    """Whom another server knows is no account of this directory: nobody listens on port 1, so that it is told that."""
    assert site.reply("imap", "passed-on", PASSWORD)[-1].startswith("a NO [UNAVAILABLE]")
    assert site.reply("imap", "passed-on", "wrong")[-1].startswith("a NO [AUTHENTICATIONFAILED]")
    assert not site.decisions(login="someone@elsewhere.example")


def test_what_a_masters_login_becomes_is_judged(site):
    """By the user's own passdb, or by the master's."""
    for login in ("bob*admin", "user-bob*admin"):
        assert site.log_in("imap", login, "master-password"), login
    for protocol in PROTOCOLS:
        logins = ["user-off*admin", "user-gone*admin", "bob*other", "off*admin"]
        for login, (right, wrong) in both_replies(site, protocol, logins, password="master-password").items():
            assert right == wrong and not re.match(r"a OK|\+OK", right[-1]), login
    assert site.decided(login="off", master="admin", verdict="refuse")


# --- a passdb that speaks to another program, and that Dovecot remembers

class TokenServer(http.server.ThreadingHTTPServer):
    """Tells of a token NAME.MAILBOX whose it is, and which mailbox it opens."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.tell(unquote(self.path.rpartition("=")[2]))

        def tell(self, token):
            name, _, mailbox = token.partition(".")
            text = json.dumps({"username": name, "mailbox": mailbox}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", rig.free_port()), self.Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/token?t="
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


def token_passdb(server, folder):
    if version() == "2.3":
        settings = folder / "oauth2.conf.ext"
        settings.write_text(f"tokeninfo_url = {server.url}\nusername_attribute = username\n"
                            "pass_attrs = user=%{oauth2:mailbox}\n")
        settings.chmod(0o644)
        return ("auth_mechanisms = plain xoauth2\nauth_cache_size = 10M\nauth_debug = yes\n"
                f"passdb {{\n  driver = oauth2\n  args = {settings}\n}}\n")
    return ("auth_mechanisms = plain xoauth2\nauth_cache_size = 10M\nauth_debug = yes\n"
            f"oauth2 {{\n  introspection_mode = get\n  introspection_url = {server.url}\n"
            "  username_attribute = username\n  fields {\n    user = %{oauth2:mailbox}\n  }\n}\npassdb oauth2 {\n}\n")


def test_a_token_that_names_another_mailbox_is_judged_and_its_cached_answer_too(folder):
    server = TokenServer()
    site = AliasSite(token_passdb(server, folder), protocols=["imap", "pop3"])
    passwd = site.dovecot.folder / "passwd"
    passwd.write_text("nobody:{PLAIN}x\n")
    with site:
        def token_reply(protocol, mailbox, name="alias"):
            with client(protocol, site.ports, how="implicit") as it:
                it.mechanism("XOAUTH2", encoded(f"user=alias\1auth=Bearer {name}.{mailbox}\1\1"))
                if it.last.startswith("+ "):
                    it.ask("")
                return it.last
        for protocol in PROTOCOLS:
            assert re.match(r"a OK|\+OK", token_reply(protocol, "bob")), token_reply(protocol, "bob")
            wrong = token_reply(protocol, "bob", name="nobody")
            for mailbox in ("off", "gone"):
                for _ in range(2):
                    assert token_reply(protocol, mailbox) == wrong
                    if version() == "2.3":  # 2.4 wants a server for passwords beside the one for tokens
                        told = site.reply(protocol, "alias", f"alias.{mailbox}")
                        assert told == site.reply(protocol, "alias", f"nobody.{mailbox}")
        rig.wait_for(lambda: version() != "2.3" or site.dovecot.lines("cache hit: "), "an answer from the cache")
    server.stop()
