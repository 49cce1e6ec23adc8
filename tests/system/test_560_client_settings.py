"""mailwicket client-settings: what it prints is what the servers permit, in every format; and it lets a client in."""
import html.parser
import imaplib
import json
import os
import plistlib
import poplib
import pty
import re
import smtplib
import ssl
import subprocess
import uuid
import xml.etree.ElementTree as ElementTree

import pytest

import rig
from rig.mailsite import PASSWORD, MailSite

POLICY = """\
hostname = "localhost"
accepted_domain "example.test" { type = Authoritative }
accepted_domain "*.sub.test" { type = Authoritative }
accepted_domain "partner.test" { type = ExternalRelay }
login "printers" {
    remote = { "10.0.0.0/8" }
    login_type = PlainTextLogin
}
connector "Default" {
    bindings = { "*:$smtp" }
    permission_groups = { AnonymousUsers }
}
connector "Client" {
    bindings = { "*:$submission", "*:$submissions" }
    permission_groups = { ExchangeUsers }
}
"""
ODD = '"<b>&\'x"@example.test'
DIRECTORY = f"""\
user alice@example.test login=ally address=alice.smith@example.test
user ulla@example.test pop3=no
user mute@example.test smtp=no
user nobody@example.test imap=no pop3=no smtp=no
user {ODD}
group sales@example.test member=alice@example.test
"""
AUTODISCOVER = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"


@pytest.fixture(scope="module")
def files(module_folder):
    """A policy and a published directory without servers."""
    usual = POLICY.replace("$submissions", "465").replace("$submission", "587")
    site = MailSite(module_folder, usual, DIRECTORY, [])
    return site.daemon


def printed(files, *words, code=0):
    result = files.cli("client-settings", *words)
    assert (result.returncode, result.stderr) == (code, ""), result.stderr
    return result.stdout


def asked(files, *words):
    return json.loads(files.cli("--json", "client-settings", *words).stdout)


# --- the settings let a client in

@pytest.fixture(scope="module")
def site():
    folder = rig.make_folder("settings")
    made = MailSite(folder, POLICY, DIRECTORY, ["alice@example.test", "ulla@example.test"])
    try:
        yield made.start()
    finally:
        made.stop()
        rig.remove_folder(folder)


@pytest.fixture(scope="module")
def told(site):
    """What is printed for a user of the running site, whose ports are not the usual ones."""
    ports = site.dovecot.ports | site.ports
    options = [word for option, name in (("imap", "imap"), ("imaps", "imaps"), ("pop3", "pop3"), ("pop3s", "pop3s"),
                                         ("submission", "submission"), ("submissions", "submissions"))
               for word in (f"--{option}-port", str(ports[name]))]

    def ask(*words):
        return site.daemon.cli(*words, *options)
    return ask


@pytest.fixture(scope="module")
def context(site):
    """TLS of a client that checks certificate and host name, as mail programs do."""
    made = ssl.create_default_context()
    for server in (site.dovecot, site.postfix):
        made.load_verify_locations(server.certificate.cert)
    return made


def receive_imap(offer, login, context):
    if offer["security"] == "tls":
        client = imaplib.IMAP4_SSL(offer["host"], offer["port"], ssl_context=context, timeout=rig.PATIENCE)
    else:
        client = imaplib.IMAP4(offer["host"], offer["port"], timeout=rig.PATIENCE)
        client.starttls(context)
    client.login(login, PASSWORD)
    assert client.select()[0] == "OK"
    client.logout()


def receive_pop3(offer, login, context):
    if offer["security"] == "tls":
        client = poplib.POP3_SSL(offer["host"], offer["port"], context=context, timeout=rig.PATIENCE)
    else:
        client = poplib.POP3(offer["host"], offer["port"], timeout=rig.PATIENCE)
        client.stls(context)
    client.user(login)
    client.pass_(PASSWORD)
    client.quit()


def send(offer, login, context):
    if offer["security"] == "tls":
        client = smtplib.SMTP_SSL(offer["host"], offer["port"], context=context, timeout=rig.PATIENCE)
    else:
        client = smtplib.SMTP(offer["host"], offer["port"], timeout=rig.PATIENCE)
        client.starttls(context=context)
    client.login(login, PASSWORD)
    assert client.sendmail(login, ["friend@remote.example"], "Subject: settings\r\n\r\nThey work.\r\n") == {}
    client.quit()


WAYS = {"imap": receive_imap, "pop3": receive_pop3, "smtp": send}


def test_each_way_that_is_printed_lets_the_user_in(told, context):
    answer = json.loads(told("--json", "client-settings", "ally").stdout)
    assert {(offer["service"], offer["security"]) for offer in answer["offers"]} == {
        (service, security) for service in WAYS for security in ("tls", "starttls")}
    for offer in answer["offers"]:
        assert offer["authentication"] == "password"
        WAYS[offer["service"]](offer, answer["user_name"], context)


def test_a_client_that_reads_thunderbirds_file_gets_in(told, context):
    page = told("client-settings", "--domain", "example.test", "--format", "thunderbird")
    provider = ElementTree.fromstring(page.stdout).find("emailProvider")
    servers = provider.findall("incomingServer") + provider.findall("outgoingServer")
    assert [server.get("type") for server in servers] == ["imap", "imap", "pop3", "pop3", "smtp", "smtp"]
    for server in servers:
        assert server.findtext("authentication") == "password-cleartext"
        offer = {"host": server.findtext("hostname"), "port": int(server.findtext("port")),
                 "security": {"SSL": "tls", "STARTTLS": "starttls"}[server.findtext("socketType")]}
        login = server.findtext("username").replace("%EMAILADDRESS%", "alice@example.test")
        WAYS[server.get("type")](offer, login, context)


def test_what_is_left_out_is_what_the_server_refuses(site, told, context):
    answer = json.loads(told("--json", "client-settings", "ulla@example.test").stdout)
    assert {offer["service"] for offer in answer["offers"]} == {"imap", "smtp"}
    assert answer["not_offered"] == [{"service": "pop3", "why": "switched-off",
                                      "text": "switched off for this user (pop3=no)"}]
    with pytest.raises(poplib.error_proto):
        receive_pop3({"host": "localhost", "port": site.dovecot.ports["pop3s"], "security": "tls"},
                     "ulla@example.test", context)


# --- for whom

def test_any_name_of_a_user_gives_the_primary_address(files):
    for name in ("alice@example.test", "ALLY", "alice.smith@example.test"):
        assert asked(files, name)["user_name"] == "alice@example.test"


@pytest.mark.parametrize("words, code, about", [
    (["stranger@example.test"], 1, "stranger@example.test: not in the directory"),
    (["sales@example.test"], 1, "sales@example.test: a group"),
    (["--domain", "elsewhere.test"], 1, "elsewhere.test: not an accepted domain"),
    (["--domain", "partner.test"], 1, "partner.test: an accepted domain, but not an Authoritative one"),
    (["--domain", "sub.test"], 1, "sub.test: not an accepted domain"),
    (["--domain", "no domain"], 1, "no domain: not an accepted domain"),
    (["evil\033[2J\nname"], 1, "evil\\x1b[2J\\x0aname: not in the directory"),
    (["nobody@example.test", "--format", "html"], 1, "may neither receive nor send"),
    (["mute@example.test", "--format", "apple"], 1, "a profile needs"),
    (["mute@example.test", "--format", "thunderbird"], 1,
     "Thunderbird's file needs a server to receive from and one to send through"),
    ([], 64, "name a user, or --domain"),
    (["ally", "--domain", "example.test"], 64, "give a user or --domain DOMAIN, not both"),
    (["ally", "ulla"], 64, "not also ulla"),
    (["ally", "--format", "pdf"], 64, "expected text, html, thunderbird, outlook, apple or srv"),
    (["ally", "--format", "srv"], 64, "--domain"),
    (["ally", "--host", "two words"], 64, "expected a host name"),
    (["ally", "--imap-port", "65536"], 64, "expected a port from 1 to 65535, or none"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_wrong_input_is_one_clear_line(files, words, code, about):
    result = files.cli("client-settings", *words)
    assert (result.returncode, result.stdout) == (code, "")
    assert about in result.stderr and re.fullmatch(r"mailwicket: client-settings: [^\n\033]+\n", result.stderr)


def test_without_a_directory_nobody_is_called_unknown(files, folder):
    policy = folder / "mailwicket.conf"
    policy.write_text(f'directory {{ path = "{folder}/none" }}\n')
    result = subprocess.run([rig.CLI, "-c", policy, "client-settings", "ally"], capture_output=True, text=True, timeout=20)
    assert result.returncode == 75 and result.stderr.count("\n") == 1


def test_who_may_use_nothing_is_told_so(files):
    text = printed(files, "nobody@example.test", code=1)
    assert [line.split(":")[0] for line in text.splitlines()] == ["user name", "no IMAP", "no POP3", "no SMTP"]


# --- formats

def rows(text):
    return [line.split("\t") for line in text.splitlines() if "\t" in line]


def test_the_text_recommends_tls_first_and_one_network_is_not_everybody(files):
    text = printed(files, "ally")
    assert [(row[0], row[2], row[3], row[5]) for row in rows(text)] == [
        ("IMAP", "993", "SSL/TLS", "recommended"), ("IMAP", "143", "STARTTLS", "also possible"),
        ("POP3", "995", "SSL/TLS", "recommended"), ("POP3", "110", "STARTTLS", "also possible"),
        ("SMTP", "465", "SSL/TLS", "recommended"), ("SMTP", "587", "STARTTLS", "also possible")]
    assert "warning" not in text and text.startswith("user name: alice@example.test\n")


def test_what_everybody_may_do_in_the_clear_is_listed_last_with_a_warning(files, folder):
    policy = folder / "mailwicket.conf"
    policy.write_text(files.policy.read_text().replace('remote = { "10.0.0.0/8" }', "protocols = { imap }"))
    text = subprocess.run([rig.CLI, "-c", policy, "client-settings", "--domain", "example.test"], capture_output=True,
                          text=True, check=True, timeout=20).stdout
    assert [row[3] for row in rows(text) if row[0] == "IMAP"] == ["SSL/TLS", "STARTTLS", "none"]
    assert re.findall(r"warning: .*", text) == [
        "warning: the policy lets clients from anywhere use IMAP on port 143 without TLS: "
        "mail and password can be read on the way"]
    for form in ("thunderbird", "html", "srv"):
        page = subprocess.run([rig.CLI, "-c", policy, "client-settings", "--domain", "example.test", "--format", form],
                              capture_output=True, text=True, check=True, timeout=20).stdout
        assert "plain<" not in page and "None<" not in page


def test_hosts_ports_and_name_are_options(files):
    answer = asked(files, "--domain", "example.test", "--host", "mail.example.test", "--imap-host", "imap.example.test",
                   "--pop3s-port", "none", "--pop3-port", "none", "--imaps-port", "1993", "--imap-port", "none",
                   "--submission-port=none")
    assert [(offer["host"], offer["port"]) for offer in answer["offers"]] == [
        ("imap.example.test", 1993), ("mail.example.test", 465)]
    assert answer["not_offered"] == [{"service": "pop3", "why": "no-listener",
                                      "text": "no listener for clients from outside"}]
    assert answer["user_name"] is None and answer["domain"] == "example.test"


def test_the_autodiscover_response_names_the_best_of_each(files):
    root = ElementTree.fromstring(printed(files, "ulla@example.test", "--format", "outlook"))
    account = root.find(f"{AUTODISCOVER}Response/{AUTODISCOVER}Account")
    assert account.findtext(f"{AUTODISCOVER}AccountType") == "email"
    assert account.findtext(f"{AUTODISCOVER}Action") == "settings"
    protocols = [{part.tag.removeprefix(AUTODISCOVER): part.text for part in protocol}
                 for protocol in account.findall(f"{AUTODISCOVER}Protocol")]
    assert [(protocol["Type"], protocol["Port"]) for protocol in protocols] == [("IMAP", "993"), ("SMTP", "465")]
    assert protocols[0] == {"Type": "IMAP", "Server": "localhost", "Port": "993", "DomainRequired": "off",
                            "LoginName": "ulla@example.test", "SPA": "off", "SSL": "on", "Encryption": "SSL",
                            "AuthRequired": "on"}


def profile_of(files, *words):
    return plistlib.loads(printed(files, *words, "--format", "apple").encode())


def test_the_profile_is_stable_and_has_no_password(files):
    profile = profile_of(files, "ally")
    assert profile == profile_of(files, "alice@example.test")
    assert (profile["PayloadType"], profile["PayloadVersion"]) == ("Configuration", 1)
    account, = profile["PayloadContent"]
    assert account["PayloadType"] == "com.apple.mail.managed"
    assert account["EmailAccountType"] == "EmailTypeIMAP"
    assert account["EmailAddress"] == account["IncomingMailServerUsername"] == "alice@example.test"
    assert (account["IncomingMailServerPortNumber"], account["IncomingMailServerUseSSL"]) == (993, True)
    assert (account["OutgoingMailServerPortNumber"], account["OutgoingMailServerUseSSL"]) == (465, True)
    assert account["OutgoingPasswordSameAsIncomingPassword"] is True
    assert not [key for key in account if key.endswith("Password") and not isinstance(account[key], bool)]
    uuids = {profile["PayloadUUID"], account["PayloadUUID"]}
    assert len(uuids) == 2
    for text in uuids:
        assert (uuid.UUID(text).version, uuid.UUID(text).variant, str(uuid.UUID(text))) == (8, uuid.RFC_4122, text)


def test_another_content_has_other_uuids_under_the_same_identifier(files):
    first, second = profile_of(files, "ally"), profile_of(files, "ally", "--imaps-port", "1993")
    assert first["PayloadIdentifier"] == second["PayloadIdentifier"]
    assert first["PayloadUUID"] != second["PayloadUUID"]
    assert first["PayloadContent"][0]["PayloadUUID"] != second["PayloadContent"][0]["PayloadUUID"]
    assert profile_of(files, "--domain", "example.test")["PayloadIdentifier"] != first["PayloadIdentifier"]


RECORD = re.compile(r"_(submissions?|imaps?|pop3s?)\._tcp\.([a-z0-9.-]+)\. ([0-9]+) IN SRV "
                    r"([0-9]+) ([0-9]+) ([0-9]+) ([a-z0-9.-]*)\.")


def test_the_dns_records_are_those_of_rfc_6186_and_8314(files):
    text = printed(files, "--domain", "Example.TEST", "--host", "mail.example.test", "--pop3-port", "none",
                   "--format", "srv")
    records = {}
    for line in text.splitlines():
        service, domain, _, priority, _, port, target = RECORD.fullmatch(line).groups()
        assert domain == "example.test" and service not in records
        records[service] = (int(priority), int(port), target)
    assert {service: record[1:] for service, record in records.items()} == {
        "submissions": (465, "mail.example.test"), "submission": (587, "mail.example.test"),
        "imaps": (993, "mail.example.test"), "imap": (143, "mail.example.test"),
        "pop3s": (995, "mail.example.test"), "pop3": (0, "")}
    assert records["submissions"] < records["submission"] and records["imaps"] < records["imap"] < records["pop3s"]


class Page(html.parser.HTMLParser):
    """The page's elements and texts; an element that does not end where it should is an error."""
    VOID = {"meta"}

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.values, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_startendtag(self, tag, attrs):
        assert tag in self.VOID
        self.elements.append((tag, dict(attrs)))

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "code":
            self.values.append(data)
        if data.strip() and "style" not in self.open:
            self.texts.append(data.strip())


def test_the_page_is_whole_and_fetches_nothing(files):
    text = printed(files, "ally", "--format", "html")
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>\n")
    assert [value for value in page.values if value.isdigit()] == ["993", "143", "465", "587", "995", "110"]
    assert set(page.values) - {"993", "143", "465", "587", "995", "110"} == {"localhost", "alice@example.test"}
    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "img", "iframe") and not {"src", "href"} & set(attributes)
    assert "url(" not in text and "@import" not in text
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.elements
    assert "POP3" in " ".join(Page(printed(files, "ulla@example.test", "--format", "html")).texts[-1:])


def test_names_stay_names_in_every_format(files):
    name = "<script>alert('&')</script> \u202eGmbH"
    clean = name.replace("\u202e", "\ufffd")
    page = Page(printed(files, ODD, "--format", "html", "--name", name))
    assert clean in page.texts and ODD in page.values and "script" not in [tag for tag, _ in page.elements]
    thunderbird = ElementTree.fromstring(printed(files, ODD, "--format", "thunderbird", "--name", name))
    assert thunderbird.findtext("emailProvider/displayName") == clean
    assert thunderbird.findtext("emailProvider/incomingServer/username") == ODD
    assert profile_of(files, ODD, "--name", name)["PayloadContent"][0]["EmailAccountDescription"] == clean
    outlook = ElementTree.fromstring(printed(files, ODD, "--format", "outlook"))
    assert {part.text for part in outlook.iter(f"{AUTODISCOVER}LoginName")} == {ODD}


def test_a_format_can_be_had_within_json(files):
    for form in ("text", "html", "thunderbird", "outlook", "apple"):
        answer = asked(files, "ally", "--format", form)
        if form != "text":
            assert answer == {form: printed(files, "ally", "--format", form)}


# --- on a terminal

def on_a_terminal(files, *words, **environment):
    """What a command writes to a pseudo-terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen([rig.CLI, "-c", files.policy, *words], stdin=slave, stdout=slave, stderr=slave,
                               env={"PATH": rig.PATH, "TERM": "xterm", **environment})
    os.close(slave)
    told = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux says so at the end of a terminal
            break
        if not part:
            break
        told += part
    os.close(master)
    assert process.wait(rig.PATIENCE) == 0
    return told.decode().replace("\r\n", "\n")


COLOUR = re.compile(r"\033\[[0-9;]*m")


def test_on_a_terminal_columns_are_aligned_below_their_titles_in_colour(files):
    told = on_a_terminal(files, "client-settings", "ally")
    assert "\033[32mrecommended\033[0m" in told and "\033[1mSERVER\033[0m" in told
    lines = COLOUR.sub("", told).splitlines()
    titles = lines[1]
    assert titles.split() == ["FOR", "SERVER", "PORT", "SECURITY", "AUTHENTICATION", "NOTE"]
    assert len(lines) == 8 and "\t" not in told
    for line in lines[2:]:
        for title, word in (("SERVER", "localhost"), ("SECURITY", "S"), ("AUTHENTICATION", "normal password"),
                            ("NOTE", "")):
            assert line[titles.index(title):].startswith(word)
            assert line[titles.index(title) - 1] == " "


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_without_colours_the_same_table_stands_there(files, environment):
    plain = on_a_terminal(files, "client-settings", "ally", **environment)
    assert "\033" not in plain
    assert plain == COLOUR.sub("", on_a_terminal(files, "client-settings", "ally", NO_COLOR=""))


def test_colours_never_get_into_a_file(files):
    assert "\033" not in printed(files, "ally")
