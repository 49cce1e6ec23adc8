"""mailwicket audit: a day in audit mode on a real mail site, who would be refused, and what is proposed about it."""
import gzip
import imaplib
import json
import os
import subprocess
import xml.etree.ElementTree

import pytest

import rig
from rig import guide
from rig.mailsite import PASSWORD, MailSite
from rig.programs import sanitized

BOB, MARY, REMOTE, PRINTER = "bob@example.test", "mary@example.test", "someone@remote.test", "127.0.0.7"
SALES, JONES, EVE = "sales@example.test", "mary.jones@example.test", "eve@example.test"

DIRECTORY = """\
# Who is who.
user bob@example.test  login=bob
user mary@example.test login=mary address=m.jones@example.test   # the second one

group sales@example.test member=mary@example.test
user carl@example.test login=carl
"""
POLICY = 'hostname = "mx.example.test"\n' + guide.policy(audit=True) + "log { decisions = all }\n"


class World:
    """The site's files once its servers have written the log."""

    def __init__(self, site, log):
        self.site, self.log, self.source = site, log, site.daemon.directory
        self.shown = site.daemon.published.with_name(f"{site.daemon.published.name}.audit-shown")

    def cli(self, *words, log=None, **popen):
        return subprocess.run([rig.CLI, "-c", self.site.daemon.policy, "audit", "--log", log or self.log, *words],
                              capture_output=True, text=True, timeout=120, **popen)

    def told(self, *words, log=None):
        result = self.cli("--json", *words, log=log)
        assert result.returncode in (0, 1) and result.stderr == "", result.stderr
        return json.loads(result.stdout)


def imap(site, login, listener="imaps", password=PASSWORD):
    port = site.dovecot.ports[listener]
    client = (imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=rig.client_context()) if listener == "imaps"
              else imaplib.IMAP4("127.0.0.1", port))
    try:
        client.login(login, password)
    finally:
        client.logout()


def send(site, login, sender, recipients, listener="submission", source="127.0.0.1"):
    with site.client(listener, login=login, source=source, tls=login is not None) as smtp:
        assert smtp.deliver(sender, recipients).startswith("250")


def speak(site):
    imap(site, "bob")
    imap(site, "bob", "imap")
    imap(site, "eve")
    for guess in ("admin", "root"):
        with pytest.raises(imaplib.IMAP4.error):
            imap(site, guess, password="guess")
    send(site, "bob", BOB, [MARY, REMOTE])
    for _ in range(3):
        send(site, "bob", SALES, [MARY, REMOTE])
    send(site, "bob", MARY, [REMOTE])
    for _ in range(2):
        send(site, "mary", JONES, [BOB])
    send(site, "m.jones@example.test", MARY, [BOB])
    send(site, "eve", EVE, [BOB])
    send(site, "eve", "eve.miller@example.test", [BOB, REMOTE])
    for name in ("ceo", "cfo", "hr", "it", "press", "jobs"):
        send(site, "carl", f"{name}@example.test", [BOB])
    for _ in range(2):
        send(site, None, "scanner@example.test", [REMOTE], "smtp", PRINTER)
    with site.client("smtp", source="127.0.0.9") as smtp:
        assert smtp.ask(REMOTE, REMOTE).startswith("454")


@pytest.fixture(scope="module")
def world():
    if rig.needs_postfix() is not None:
        pytest.skip(rig.needs_postfix())
    folder = rig.make_folder("audit")
    site = MailSite(folder, POLICY, DIRECTORY, ["bob", "mary", "carl", "eve", "m.jones@example.test"],
                    main=f"mynetworks = {PRINTER}\n")
    try:
        site.start()
        speak(site)
        log = folder / "mail.log"
        site.stop()
        site.dovecot.wait_ended()
        log.write_text(site.daemon.text() + site.dovecot.text() + site.postfix.text())
        yield World(site, log)
    finally:
        site.stop()
        rig.remove_folder(folder)


@pytest.fixture
def kept(world):
    """The directory's source, and what is published, as they were once the test is over."""
    before = world.source.read_bytes()
    yield world
    world.source.write_bytes(before)
    world.site.daemon.sync()


def by_write(told):
    return {one["write"]: one for one in told["proposals"]}


GRANT_SALES = f"grant send-as {SALES} {BOB}"
GRANT_MARY = f"grant send-as {MARY} {BOB}"
NEW_EVE = f"user {EVE} address=eve.miller@example.test"
ADDRESS = f"user {MARY} address={JONES}"
LOGIN = f"user {MARY} login=m.jones@example.test"


def test_the_headline_counts_people_and_printers(world):
    text = world.cli().stdout
    assert text.startswith("5 users seen, 3 would be locked out, 1 could not send all of its mail, "
                           "1 printer would lose relaying\n"), text


def test_each_message_is_one_event_of_its_user_client_and_reason(world):
    rows = {(row["user"], row["client"], row["service"], row["reason"], row["sender"]): row["events"]
            for row in world.told()["rows"]}
    assert rows == {
        ("bob", "127.0.0.1", "smtp", "send-as-denied", SALES): 3,
        ("bob", "127.0.0.1", "smtp", "send-as-denied", MARY): 1,
        ("bob", "127.0.0.1", "imap", "login-without-tls", ""): 1,
        ("mary", "127.0.0.1", "smtp", "send-as-denied", JONES): 2,
        ("m.jones@example.test", "127.0.0.1", "smtp", "unknown-login", MARY): 1,
        ("eve", "127.0.0.1", "imap", "unknown-login", ""): 1,
        ("eve", "127.0.0.1", "smtp", "unknown-login", EVE): 1,
        ("eve", "127.0.0.1", "smtp", "unknown-login", "eve.miller@example.test"): 1,
        ("", PRINTER, "smtp", "relay-denied", "scanner@example.test"): 2,
    }


def test_what_to_write_and_how_many_events_it_fixes(world):
    told = world.told()
    proposals = by_write(told)
    connector = next(one for one in told["proposals"] if one["kind"] == "connector")
    assert {text: (one["kind"], one["fixes"], one["events"], one["needs_grant"]) for text, one in proposals.items()
            if one is not connector} == {
        GRANT_SALES: ("grant", 3, 3, False),
        NEW_EVE: ("user", 3, 3, False),
        ADDRESS: ("address", 2, 2, False),
        GRANT_MARY: ("grant", 1, 1, True),
        LOGIN: ("login", 1, 1, False),
    }
    assert (connector["fixes"], connector["client"]) == (2, PRINTER)
    assert sorted(one["number"] for one in told["proposals"]) == [1, 2, 3, 4, 5, 6]
    assert told["events"] == 13 and told["fixed"] == 12


def test_many_identities_and_guesses_are_set_apart_and_never_proposed(world):
    told = world.told()
    assert {row["user"] for row in told["apart"]} == {"carl", "admin", "root"}
    assert sum(row["events"] for row in told["apart"] if row["user"] == "carl") == 6
    assert {row["why"] for row in told["apart"]} == {"many identities from one login",
                                                     "nobody is seen to log in by this name from there"}
    for one in told["proposals"]:
        assert "carl" not in one["write"] and "admin" not in one["write"] and "ceo" not in one["write"]


def test_what_postfix_refuses_too_is_nobodys_loss(world):
    told = world.told()
    assert told["events_not_taken"] == 1
    assert not any("127.0.0.9" in json.dumps(one) for one in told["proposals"] + told["rows"])


def numbers(world, *texts):
    """Of the list that is shown now."""
    proposals = by_write(world.told())
    return ",".join(str(proposals[text]["number"]) for text in texts)


def test_write_adds_what_was_chosen_and_keeps_every_other_octet(kept):
    kept.source.chmod(0o640)
    before = kept.source.read_bytes()
    status = kept.source.stat()
    result = kept.cli("--write", numbers(kept, GRANT_SALES, NEW_EVE, ADDRESS, LOGIN))
    assert result.returncode == 0, result.stderr
    assert f"written to {kept.source}; to publish it: mailwicket sync\n" in result.stdout
    wanted = before.replace(b"login=mary address=m.jones@example.test   #",
                            b"login=mary,m.jones@example.test address=m.jones@example.test,mary.jones@example.test   #")
    assert kept.source.read_bytes() == wanted + f"{GRANT_SALES}\n{NEW_EVE}\n".encode()
    now = kept.source.stat()
    assert (now.st_mode, now.st_uid, now.st_gid) == (status.st_mode, status.st_uid, status.st_gid)
    assert not [name for name in os.listdir(kept.source.parent) if "mailwicket-" in name]
    # What was written is true: the same decisions, taken again by what sync publishes of it.
    kept.site.daemon.sync()
    told = kept.told()
    assert [one["write"] for one in told["proposals"] if one["kind"] != "connector"] == [GRANT_MARY]
    replayed = kept.site.daemon.cli("--json", "replay", kept.log, "--limit", "unlimited")
    permitted = sum(row["count"] for row in json.loads(replayed.stdout)["rows"] if row["change"] == "newly-permitted")
    assert permitted >= 9 and json.loads(replayed.stdout)["newly_refused"] == 0


def test_a_number_means_what_was_shown_with_it(kept):
    """After one is written the next list has other numbers; until it is read, the numbers are those of the old one."""
    first, second = numbers(kept, GRANT_SALES), numbers(kept, LOGIN)
    assert kept.cli("--write", first).returncode == 0
    assert kept.cli("--write", second).returncode == 0
    text = kept.source.read_text()
    assert GRANT_SALES in text and "login=mary,m.jones@example.test" in text
    written = kept.source.read_bytes()
    again = kept.cli("--write", first)
    assert again.returncode == os.EX_DATAERR and "not proposed any more" in again.stderr and again.stdout == ""
    assert kept.source.read_bytes() == written


def test_another_users_own_address_needs_grant(kept):
    before = kept.source.read_bytes()
    number = numbers(kept, GRANT_MARY)
    text = kept.cli().stdout
    assert f"{GRANT_MARY} (needs --grant)" in text
    refused = kept.cli("--write", number)
    assert refused.returncode == os.EX_USAGE and "--grant" in refused.stderr
    assert kept.source.read_bytes() == before
    assert kept.cli("--write", number, "--grant").returncode == 0
    assert kept.source.read_bytes() == before + f"{GRANT_MARY}\n".encode()


def test_a_connector_is_written_by_hand_and_then_the_printer_relays(kept):
    connector = next(one for one in kept.told()["proposals"] if one["kind"] == "connector")
    refused = kept.cli("--write", str(connector["number"]))
    assert refused.returncode == os.EX_USAGE and str(kept.site.daemon.policy) in refused.stderr
    assert f'remote_ip_ranges = {{ "{PRINTER}" }}' in connector["write"] and "mode = audit" in connector["write"]
    before = kept.site.daemon.policy.read_text()
    try:
        kept.site.daemon.write(kept.site.daemon.policy, before + connector["write"])
        checked = kept.site.daemon.cli("check")
        assert checked.returncode == 0, checked.stderr
        told = kept.told()
        assert told["printers"] == 0 and not any(one["kind"] == "connector" for one in told["proposals"])
    finally:
        kept.site.daemon.write(kept.site.daemon.policy, before)


@pytest.mark.parametrize("words, said", [
    (["--write", "all"], "expected numbers of proposals"),
    (["--write", "0"], "expected numbers"),
    (["--write", "1,"], "expected numbers"),
    (["--write", "99"], "has 6 proposals"),
    (["--grant"], "--grant goes with --write"),
    (["--html", "--json"], "--html goes with neither"),
    (["--since", "yesterday"], "--since yesterday"),
    (["today"], "a log is named with --log"),
])
def test_a_wrong_command_line_is_one_line_and_writes_nothing(kept, words, said):
    kept.told()
    before = kept.source.read_bytes()
    result = kept.cli(*words)
    assert result.returncode == os.EX_USAGE and said in result.stderr and result.stderr.count("\n") == 1, result.stderr
    assert kept.source.read_bytes() == before and result.stdout == ""


def test_without_a_list_that_was_shown_nothing_is_written(kept):
    kept.shown.unlink(missing_ok=True)
    result = kept.cli("--write", "1")
    assert result.returncode == os.EX_USAGE and \
        f"run mailwicket -c {kept.site.daemon.policy} audit first" in result.stderr


def test_the_list_is_kept_where_the_snapshots_are_another_users(kept):
    published = kept.site.daemon.published
    handed = kept.site.daemon.cli("sync", "--hand-over", "nobody")
    assert handed.returncode == 0, handed.stderr
    try:
        kept.shown.unlink(missing_ok=True)
        assert kept.told()["proposals"]
        assert kept.shown.stat().st_uid == 0
    finally:
        for path in (published, *published.iterdir()):
            os.chown(path, 0, 0)


def test_the_page_is_whole_by_itself_and_says_the_same(world):
    page = world.cli("--html").stdout
    root = xml.etree.ElementTree.fromstring(page.partition("\n")[2])
    text = " ".join(root.itertext())
    assert page.startswith("<!DOCTYPE html>\n") and "5 users seen, 3 would be locked out" in text
    for word in (GRANT_SALES, NEW_EVE, "needs --grant", "many identities from one login", 'remote_ip_ranges = { "127.0.0.7" }'):
        assert word in text, word
    assert not any(element.tag in ("script", "link", "img", "iframe") for element in root.iter())
    assert not any(name in ("src", "href") for element in root.iter() for name in element.attrib)
    assert "url(" not in page and "@import" not in page


# --- logs made by hand

LINE = ("v=1 verdict=would-refuse reason=send-as-denied mode=audit protocol=smtp stage=RCPT connector=Client login=bob "
        "sender=sales@example.test recipient=x@remote.test client=192.0.2.7 port=587 tls=TLSv1.3 bits=256 mechanism=PLAIN "
        "instance=1.2.3.0 decision=submission tls_origin=starttls rule=mailwicket.conf:3")
DEVICE = ("v=1 verdict=would-refuse reason=relay-denied mode=audit protocol=smtp stage=RCPT connector=Default "
          "sender=scan@example.test recipient=x@remote.test client=10.0.0.5 port=25 instance=9.2.3.0 decision=submission "
          "context=relay rule=mailwicket.conf:9")
SMALL = """\
hostname = "mx.example.test"
default_domain = "example.test"
accepted_domain "example.test" {}
login "everywhere" { mode = audit }
connector "Default" { bindings = { "*:25" }  permission_groups = { AnonymousUsers }  mode = audit }
connector "Client" { bindings = { "*:587" }  permission_groups = { ExchangeUsers }  mode = audit }
"""
USERS = """\
user bob@example.test login=bob
user mary@example.test
group sales@example.test member=mary@example.test
"""


class Small:
    def __init__(self, folder):
        self.folder, self.log, self.published = folder, folder / "log", folder / "published"
        self.policy, self.users = folder / "mailwicket.conf", folder / "directory"
        self.published.mkdir(mode=0o755)
        self.write_policy(SMALL)
        self.write(self.users, USERS)

    @staticmethod
    def write(path, text):
        path.write_text(text)
        path.chmod(0o644)

    def write_policy(self, text):
        self.write(self.policy, text + f'directory {{ path = "{self.published}" '
                   f'source "local" {{ driver = text path = "{self.users}" }} }}\n')

    def run(self, *words, lines=None):
        if lines is not None:
            self.write(self.log, "".join(("" if line.startswith("2") else "mailwicket: ") + line + "\n" for line in lines))
        return subprocess.run([rig.CLI, "-c", self.policy, "audit", "--log", self.log, *words], capture_output=True,
                              text=True, timeout=240)

    def told(self, *words, lines):
        result = self.run("--json", *words, lines=lines)
        assert result.returncode in (0, 1), result.stderr
        return json.loads(result.stdout)

    def proposed(self, lines):
        return [one["write"] for one in self.told("--limit", "unlimited", lines=lines)["proposals"]]


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path)


def test_the_questions_of_one_message_are_one_event(small):
    whole = LINE.replace("stage=RCPT", "stage=END-OF-MESSAGE").replace(" recipient=x@remote.test", "")
    lines = [LINE, LINE.replace("x@remote", "y@remote"), LINE.replace("x@remote", "z@remote"), whole]
    other = [line.replace("1.2.3.0", "1.2.3.1") for line in lines]
    told = small.told(lines=lines + other)
    assert (told["decisions"], told["events"], [row["events"] for row in told["rows"]]) == (8, 2, [2])
    # Two messages whose questions come mixed are two.
    assert small.told(lines=[line for pair in zip(lines, other) for line in pair])["events"] == 2
    # Without an instance the queue's name tells; without both every question is one.
    queued = [line.replace("instance=1.2.3.0", "queue_id=4ABC") for line in lines]
    assert small.told(lines=queued)["events"] == 1
    assert small.told(lines=[line.replace("instance=1.2.3.0 ", "") for line in lines])["events"] == 4


def test_an_event_is_fixed_only_where_all_its_questions_are(small):
    """Relaying is refused to this connector's users too: the grant permits one recipient of two."""
    small.write_policy(SMALL.replace("{ ExchangeUsers }", "{ ExchangeUsers }  deny_permissions = { Accept-Any-Recipient }"))
    one = LINE.replace("x@remote.test", "mary@example.test")
    told = small.told(lines=[one, LINE, one.replace("1.2.3.0", "1.2.3.1")])
    assert [(row["fixes"], row["events"]) for row in told["proposals"]] == [(1, 2)]


@pytest.mark.parametrize("field, count", [("sender", 4), ("sender", 40)])
def test_a_stranger_or_a_login_with_many_senders_gets_no_proposal(small, field, count):
    senders = [f"n{number}@example.test" for number in range(count)]
    login = [LINE.replace("sales@example.test", sender).replace("1.2.3.0", f"1.2.3.{at}") for at, sender in enumerate(senders)]
    device = [DEVICE.replace("scan@example.test", sender).replace("9.2.3.0", f"9.2.3.{at}") for at, sender in enumerate(senders)]
    stranger = [line.replace("client=10.0.0.5", "client=203.0.113.5") for line in device]
    assert small.proposed(login) == [] and small.proposed(device) == [] and small.proposed(stranger) == []
    told = small.told(lines=login + device)
    assert told["events"] == 0 and told["events_apart"] == 2 * count
    # One fewer than many is proposed, of a user.
    assert len(small.proposed(login[:3])) == 3


def test_a_stranger_from_outside_is_never_proposed(small):
    stranger = DEVICE.replace("client=10.0.0.5", "client=203.0.113.5")
    told = small.told(lines=[stranger, stranger.replace("RCPT", "END-OF-MESSAGE")])
    assert told["proposals"] == [] and told["printers"] == 0
    assert told["events_of_strangers"] == 1 and told["accepted_of_strangers"] == 1


def test_several_accounts_of_one_client_that_send_as_others_look_like_forging(small):
    small.write(small.users, USERS + "".join(f"user u{n}@example.test\nuser boss{n}@example.test\n" for n in range(5)))
    lines = [LINE.replace("login=bob", f"login=u{n}@example.test").replace("sales@", f"boss{n}@").replace("1.2.3.0", f"1.2.3.{n}")
             for n in range(5)]
    told = small.told(lines=lines)
    assert told["proposals"] == [] and {row["why"] for row in told["apart"]} == {"many identities of others from one client"}
    # From several clients they are several people.
    spread = [line.replace("192.0.2.7", f"192.0.2.{n}") for n, line in enumerate(lines)]
    assert len(small.proposed(spread)) == 5


def test_an_address_that_two_use_is_granted_and_not_given(small):
    mary = LINE.replace("login=bob", "login=mary@example.test").replace("1.2.3.0", "2.2.3.0")
    info = [line.replace("sales@example.test", "info@example.test") for line in (LINE, mary)]
    assert small.proposed(info[:1]) == [f"user {BOB} address=info@example.test"]
    assert sorted(small.proposed(info)) == [f"grant send-as info@example.test {BOB}", f"grant send-as info@example.test {MARY}"]


def test_a_foreign_address_needs_grant(small):
    told = small.told(lines=[LINE.replace("sales@example.test", "bob@home.test")])
    assert [(one["write"], one["needs_grant"]) for one in told["proposals"]] == [(f"grant send-as bob@home.test {BOB}", True)]


def test_a_login_without_a_domain_becomes_a_user_or_a_name_of_one(small):
    unknown = LINE.replace("reason=send-as-denied", "reason=unknown-login")
    new = unknown.replace("login=bob", "login=carol").replace("sales@", "carol@")
    assert small.proposed([new]) == ["user carol@example.test"]
    # It sends as a user alone: that user under another name, which is a right to another's own address.
    asmith = unknown.replace("login=bob", "login=asmith").replace("sales@", "mary@")
    told = small.told(lines=[asmith])
    assert [(one["write"], one["needs_grant"]) for one in told["proposals"]] == [(f"user {MARY} login=asmith", True)]


@pytest.mark.parametrize("said, known", [
    ("Login: user=<carol@example.test>, method=PLAIN, rip=192.0.2.7", True),      # Dovecot 2.3
    ("Logged in: user=<carol@example.test>, method=PLAIN, rip=192.0.2.7", True),  # Dovecot 2.4
    ("Logged in: user=<carol@example.test>, method=PLAIN, rip=198.51.100.9", False),
    ("Login: user=<bob>, method=PLAIN, rip=192.0.2.7", False),
    ("Login: user=<carol@example.test>, method=PLAIN, rip=192.0.2.7, x>, method=PLAIN, rip=198.51.100.9", False),
    ("Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<carol@example.test>, method=PLAIN, rip=192.0.2.7",
     False),
])
def test_whom_dovecot_let_in_from_there_is_no_guess(small, said, known):
    unknown = ("v=1 verdict=would-refuse reason=unknown-login mode=audit protocol=imap login_rule=everywhere "
               "login=carol@example.test client=192.0.2.7 port=993 mechanism=PLAIN decision=account tls_origin=implicit rule=built-in")
    line = f"2026-11-24T10:00:00Z mx dovecot: imap-login: {said}, lip=203.0.113.1, TLS, session=<abc>"
    told = small.told("--since", "2026-11-20", lines=[unknown, line])
    assert [one["write"] for one in told["proposals"]] == ["user carol@example.test"] * known
    assert told["events_apart"] == (not known)


def test_an_unlisted_user_is_fine_and_another_address_of_it_needs_a_line(small):
    small.write_policy('unlisted_logins = own_address\n' + SMALL)
    own = LINE.replace("login=bob", "login=dave@example.test").replace("sales@", "dave@")
    told = small.told(lines=[own, own.replace("dave@example.test recipient", "d.smith@example.test recipient").replace("1.2.3.0", "1.2.3.1")])
    assert told["users_seen"] == 1 and told["locked_out"] == 0 and told["events"] == 1
    assert [one["write"] for one in told["proposals"]] == ["user dave@example.test address=d.smith@example.test"]


@pytest.mark.parametrize("client, fits", [("10.0.0.5", True), ("192.168.7.9", True), ("fd00::5", True), ("127.0.0.1", True),
                                          ("203.0.113.5", False), ("2001:db8::5", False)])
def test_a_printers_connector_is_for_its_one_address(small, client, fits):
    told = small.told(lines=[DEVICE.replace("10.0.0.5", client)])
    if not fits:
        assert told["proposals"] == []
        return
    proposal, = told["proposals"]
    assert (told["printers"], proposal["kind"]) == (1, "connector")
    assert f'remote_ip_ranges = {{ "{client}" }}' in proposal["write"] and 'bindings = { "*:25" }' in proposal["write"]
    assert "/" not in proposal["write"]
    small.policy.write_text(small.policy.read_text() + proposal["write"])
    assert small.told(lines=[DEVICE.replace("10.0.0.5", client)])["events"] == 0


def test_built_in_connectors_stand_in_what_is_proposed_beside_them(small):
    """A connector that is written takes the place of those that are built in."""
    small.write_policy('default_domain = "example.test"\naccepted_domain "example.test" {}\n')
    proposal, = small.told(lines=[DEVICE])["proposals"]
    assert proposal["write"].count("connector ") == 3
    small.policy.write_text(small.policy.read_text() + proposal["write"])
    told = small.told(lines=[DEVICE, LINE.replace("sales@", "bob@").replace("would-refuse", "permit")])
    assert told["events"] == 0


HOSTILE = ["x y@example.test", 'a\\"b@example.test', "$(id)@example.test", "a;b@example.test", "a,b@example.test",
           "a#b@example.test", "*@example.test", "\\x1b[2J@example.test", "a@example.test\\x0auser evil@example.test", "@example.test",
           "<script>@example.test", "%s%n@example.test", "=@example.test", "'@example.test"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_a_log_breaks_the_directory_the_terminal_or_the_page(small, name):
    lines = [LINE.replace("sender=sales@example.test", f'sender="{name}"'),
             LINE.replace("login=bob", f'login="{name}"').replace("1.2.3.0", "7.7.7.7").replace("sales@", "mary@")]
    before = small.users.read_text()
    told = small.told(lines=lines)
    text = small.run(lines=lines).stdout
    assert "\x1b" not in text and "\nuser evil" not in text
    page = small.run("--html", lines=lines).stdout
    xml.etree.ElementTree.fromstring(page.partition("\n")[2])
    assert "<script" not in page and "\x1b" not in page
    numbers_shown = [str(one["number"]) for one in told["proposals"]]
    if not numbers_shown:
        return
    result = small.run("--write", ",".join(numbers_shown), "--grant")
    assert result.returncode == 0, result.stderr
    added = len(small.users.read_text().splitlines()) - len(before.splitlines())
    assert added <= len(numbers_shown)
    synced = subprocess.run([rig.CLI, "-c", small.policy, "sync"], capture_output=True, text=True, timeout=60)
    assert synced.returncode == 0, synced.stderr
    # Each right is for the one address: nobody else's, and no domain.
    assert "*@" not in small.users.read_text()


def test_a_source_that_would_not_be_read_any_more_is_left_alone(small):
    small.told(lines=[LINE])
    small.write(small.users, USERS + "grant send-as x@y.test nobody@example.test\n")
    before = small.users.read_text()
    result = small.run("--write", "1")
    assert result.returncode == os.EX_DATAERR and f"{small.users}:4" in result.stderr
    assert small.users.read_text() == before


def test_what_was_written_is_told_as_json_too(small):
    small.told(lines=[LINE])
    result = small.run("--write", "1", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"file": str(small.users), "written": [{"number": 1, "write": GRANT_SALES}]}


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_line_ends_stay_and_an_open_last_line_is_ended(small, ending):
    text = USERS.replace("\n", "\r\n") if ending == "\r\n" else USERS.rstrip("\n") + ending
    small.users.write_bytes(text.encode())
    small.told(lines=[LINE])
    assert small.run("--write", "1").returncode == 0
    end = "\r\n" if ending == "\r\n" else "\n"
    assert small.users.read_bytes() == (text + ("" if ending else "\n") + GRANT_SALES + end).encode()


def test_a_symbolic_link_or_a_folder_of_others_is_not_written(small):
    small.told(lines=[LINE])
    real = small.folder / "real"
    small.users.rename(real)
    small.users.symlink_to(real)
    result = small.run("--write", "1")
    assert result.returncode == os.EX_DATAERR and "symbolic link" in result.stderr and real.read_text() == USERS


def test_without_a_source_nothing_is_written_and_the_published_directory_decides(small):
    synced = subprocess.run([rig.CLI, "-c", small.policy, "sync"], capture_output=True, text=True, timeout=60)
    assert synced.returncode == 0
    small.write(small.policy, SMALL + f'directory {{ path = "{small.published}" }}\n')
    assert small.told(lines=[LINE])["events"] == 1
    result = small.run("--write", "1")
    assert result.returncode == os.EX_UNAVAILABLE and "no text source" in result.stderr


def test_a_log_without_decisions_or_permits_says_so(small):
    result = small.run(lines=["2026-11-24T10:00:00Z mx postfix/smtpd[9]: connect from x[192.0.2.7]"])
    assert result.returncode == os.EX_DATAERR and "decisions = all" in result.stderr and result.stdout == ""
    result = small.run(lines=[LINE])
    assert result.returncode == 1 and "note: the log has no permitted decision" in result.stdout
    result = small.run(lines=[LINE.replace("sales@", "bob@").replace("would-refuse reason=send-as-denied", "permit reason=permitted")])
    assert result.returncode == 0 and "0 would be locked out" in result.stdout, result.stdout


def test_since_passes_over_earlier_lines_and_rotated_logs_are_read(small, monkeypatch):
    monkeypatch.setenv("TZ", "UTC0")  # the days of --since are those of who asks
    lines = [f"2026-11-{day:02d}T12:00:00Z mx mailwicketd[7]: mailwicket: " + LINE.replace("1.2.3.0", f"1.2.3.{day}")
             for day in range(10, 20)]
    small.write(small.folder / "log.2", "".join(line + "\n" for line in lines[:4]))
    (small.folder / "log.1.gz").write_bytes(gzip.compress("".join(line + "\n" for line in lines[4:7]).encode()))
    assert small.told("--since", "2026-11-18", lines=lines[7:])["events"] == 2
    assert small.told("--since", "2026-11-11", lines=lines[7:])["events"] == 9


def test_a_hundred_thousand_decisions_of_made_up_names_are_bounded(small):
    """Nobody is crowded out: guesses and strangers have room of their own."""
    guess = ("v=1 verdict=would-refuse reason=unknown-login mode=audit protocol=imap login_rule=everywhere login=nobodyN "
             "client=203.0.113.9 port=993 mechanism=PLAIN decision=account tls_origin=starttls rule=built-in")
    stamp = "2026-11-24T10:00:00Z mx "
    with open(small.log, "w") as log:
        for number in range(50_000):
            log.write(f"{stamp}dovecot: auth: mailwicket: " + guess.replace("nobodyN", f"nobody{number}") + "\n")
            log.write(f"{stamp}mailwicketd[7]: mailwicket: " + DEVICE.replace("client=10.0.0.5", f"client=2001:db8:{number:x}::1")
                      .replace("9.2.3.0", f"9.2.{number}") + "\n")
        log.write(f"{stamp}mailwicketd[7]: mailwicket: {LINE}\n")
    with open(small.folder / "told", "w+") as out:
        bound = [] if sanitized() else ["prlimit", f"--data={200 << 20}"]
        process = subprocess.run([*bound, rig.CLI, "-c", small.policy, "--json", "audit", "--log", small.log, "--since",
                                  "2026-11-20"], stdout=out, timeout=600)
        out.seek(0)
        told = json.load(out)
    assert process.returncode == 1
    assert told["decisions"] == 100_001 and [one["write"] for one in told["proposals"]] == [GRANT_SALES]
    assert told["decisions_without_row"] == 80_000
