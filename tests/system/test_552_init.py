"""`mailwicket init`: a policy and a directory of what the servers do today. What works with it: the tests of distributions."""
import json
import pwd
import re

import pytest

import rig
from rig.configured import Configured as Server
from rig.stock import STOCK_DOVECOT, needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

def test_nothing_is_written_without_apply(folder):
    server = Server(folder, users="alice:{PLAIN}x\n")
    told = server.init()
    assert told.returncode == 0 and "+user alice@example.test login=alice\n" in told.stdout, told.stdout
    assert "nothing was written; --apply does it" in told.stdout
    assert not server.policy.parent.exists()


def test_what_apply_writes_is_valid_and_written_once(folder):
    server = Server(folder, users="alice:{PLAIN}x\n")
    assert server.made() == ["user alice@example.test login=alice"]
    server.assert_valid()
    assert "unlisted_logins = own_address" in server.policy.read_text()
    told = server.init("--apply")
    assert told.returncode == 0 and "nothing to do" in told.stdout, told.stdout


@pytest.mark.parametrize("name", ["policy", "directory"])
def test_a_file_with_words_of_its_own_stays(folder, name):
    server = Server(folder, users="alice:{PLAIN}x\n")
    server.policy.parent.mkdir()
    path = getattr(server, name)
    text = "default_domain = \"x.test\"\n" if name == "policy" else "user x@x.test\n"
    path.write_text(text)
    told = server.init("--apply")
    assert told.returncode == 1 and f"{path} is there already and stays as it is" in told.stderr, told.stderr
    assert f"-{text}" in told.stdout
    assert path.read_text() == text
    assert [made.name for made in server.policy.parent.iterdir()] == [path.name]


def test_the_sample_and_a_file_of_comments_are_replaced(folder):
    server = Server(folder, users="alice:{PLAIN}x\n")
    server.policy.parent.mkdir()
    for path in server.policy, server.directory:
        path.write_text((rig.SOURCE / "packaging" / "examples" / path.name).read_text())
    assert server.made() == ["user alice@example.test login=alice"]
    server.assert_valid()
    server.policy.write_text((rig.SOURCE / "packaging" / "examples" / "mailwicket.conf").read_text() + "# mine\n")
    assert server.init("--apply").returncode == 1


def test_names_of_mydestination_are_one_domain(folder):
    server = Server(folder, main="relay_domains = partner.test\n")
    server.made()
    text = server.policy.read_text()
    assert 'accepted_domain "example.test" {\n    type = Authoritative' in text
    assert '"mail.example.test", "localhost"' in text and 'accepted_domain "partner.test" { type = ExternalRelay }' in text
    assert 'default_domain = "example.test"' in text
    server.assert_valid()


def test_a_domain_that_begins_like_localhost_is_no_name_of_this_host(folder):
    server = Server(folder, main="mydestination = localhost.example.test, localhosting.test\nmyorigin = other.test\n"
                    "virtual_alias_domains = alias.test\n")
    server.made()
    assert 'accepted_domain "localhosting.test"' in server.policy.read_text()
    server.assert_valid()


def test_files_of_domains_that_name_one_another_end(folder):
    server = Server(folder, main="virtual_alias_domains = DIR/domains\n")
    server.table("domains", f"one.test\n{folder}/domains\n")
    server.made()
    assert server.policy.read_text().count('accepted_domain "one.test"') == 1
    rows = json.loads(server.init("--json").stdout)["unread"]
    assert [(row["setting"], row["what"]) for row in rows if "one another" in row["why"]] == [
        ("virtual_alias_domains", f"{folder}/domains")]
    server.assert_valid()


@pytest.mark.parametrize("networks, ranges, unread", [
    ("!10.0.0.5, 10.0.0.0/8, 192.168.1.0/24", {"10.0.0.0-10.0.0.4", "10.0.0.6-10.255.255.255", "192.168.1.0/24"}, []),
    ("!10.0.0.5, !10.0.0.7, 10.0.0.4/30", {"10.0.0.4", "10.0.0.6"}, []),
    ("10.0.0.0/8, !10.0.0.5", {"10.0.0.0/8"}, []),  # the first that matches
    ("!10.0.0.0/8, 10.0.0.0/16, 192.168.1.0/24", {"192.168.1.0/24"}, []),
    ("8.0.0.0/8, 192.168.1.0/24, 9.0.0.0/8", {"192.168.1.0/24"}, ["8.0.0.0/8, 192.168.1.0/24, 9.0.0.0/8"]),  # together
    ("192.168.1.0/24, !hash:/nowhere, 10.0.0.0/8", {"192.168.1.0/24"}, ["!hash:/nowhere", "10.0.0.0/8"]),
])
def test_whom_mynetworks_leaves_out_relays_no_more_than_today(folder, networks, ranges, unread):
    assert_ranges(Server(folder, main=f"mynetworks = {networks}\n"), ranges, unread)


def assert_ranges(server, ranges, unread):
    """What may relay without a login, beside this host and everybody; and what of mynetworks is not read."""
    server.made()
    lines = [line for line in server.policy.read_text().splitlines() if line.strip().startswith("remote_ip_ranges")]
    found = {word for line in lines for word in re.findall(r'"([^"]*)"', line)}
    assert found - {"127.0.0.0/8", "::1/128", "::1", "0.0.0.0/0", "::/0"} == ranges
    rows = [row for row in json.loads(server.init("--json").stdout)["unread"] if row["setting"] == "mynetworks"]
    assert [row["what"] for row in rows] == unread
    server.assert_valid()


@pytest.mark.parametrize("files, ranges, unread", [
    ({"nets": "# ours\n!10.0.0.5\n"}, {"10.0.0.0-10.0.0.4", "10.0.0.6-10.255.255.255"}, []),
    ({"nets": "DIR/more\n", "more": "!10.0.0.5, 192.168.1.0/24\n"},
     {"192.168.1.0/24", "10.0.0.0-10.0.0.4", "10.0.0.6-10.255.255.255"}, []),
    ({"nets": "!DIR/more\n", "more": "10.0.0.5\n"}, {"10.0.0.0-10.0.0.4", "10.0.0.6-10.255.255.255"}, []),
    ({"nets": ""}, {"10.0.0.0/8"}, []),
    ({}, set(), ["DIR/nets", "10.0.0.0/8"]),
    ({"nets": "192.168.1.0/24\nDIR/more\n"}, {"192.168.1.0/24"}, ["DIR/more", "10.0.0.0/8"]),
    ({"nets": "DIR/nets\nDIR/nets\n"}, set(), ["DIR/nets", "10.0.0.0/8"]),  # which Postfix cannot read to its end either
    ({"nets": "#" * 1024 * 1024 + "\n!10.0.0.5\n"}, set(), ["DIR/nets", "10.0.0.0/8"]),
], ids=["file", "nested", "negated", "empty", "missing", "nested-missing", "itself", "long"])
def test_files_of_mynetworks_are_followed(folder, files, ranges, unread):
    server = Server(folder, main="mynetworks = DIR/nets, 10.0.0.0/8\n")
    for name, text in files.items():
        server.table(name, text.replace("DIR", str(folder)))
    assert_ranges(server, ranges, [row.replace("DIR", str(folder)) for row in unread])


def test_a_listener_behind_a_proxy_is_for_the_port_of_the_proxys_clients(folder):
    server = Server(folder, master="127.0.0.1:10587 inet n - n - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy\n"
                                   "  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes\n"
                                   "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
                                   "127.0.0.1:10025 inet n - n - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy\n")
    told = server.init("--apply")
    assert told.returncode == 0, told.stderr + told.stdout
    text = server.policy.read_text()
    assert 'bindings          = { "127.0.0.1:10587", "*:587" }' in text
    assert 'bindings          = { "*:25", "127.0.0.1:10025" }' in text, "25 has a listener of its own"
    assert "not read: master.cf, 127.0.0.1:10587: a PROXY line says which address and port its clients use; taken for *:587" \
        in told.stdout


def test_values_of_tables_are_data(folder):
    """Programs, files, lists, odd octets, catch-alls, extensions, capitals: no line breaks, no user appears."""
    server = Server(folder, users="alice:{PLAIN}x\nBob:{PLAIN}x\nba`d`:{PLAIN}x\n#carol:{PLAIN}x\n", main="""\
recipient_delimiter = +
virtual_alias_maps = texthash:DIR/virtual, pcre:DIR/patterns
virtual_alias_domains = alias.test
alias_maps = texthash:DIR/aliases
smtpd_sender_login_maps = inline:{{info@example.test=alice Bob}, {@alias.test=alice}, {alice@example.test=alice}}
""")
    server.table("patterns", "/x/ y\n")
    server.table("virtual", "info@ALIAS.test  Alice@Example.TEST\n@alias.test alice\n\"odd name\"@alias.test alice+x\n"
                            "both@alias.test alice, bob\nout@alias.test someone@elsewhere.test\n"
                            "x$(id)@alias.test alice\nx`id`@alias.test alice\nloop@alias.test loop@alias.test\n")
    server.table("aliases", "postmaster root\nroot alice\nprogram |/bin/false\nfile /var/x\nlist :include:/etc/passwd\n"
                            "chain postmaster\n")
    made = server.made()
    server.assert_valid()
    users = {line.split()[1]: line for line in made if line.startswith("user ")}
    assert set(users) == {"alice@example.test", "bob@example.test"}, made
    addresses = users["alice@example.test"].partition("address=")[2]
    for address in ('info@alias.test', '"odd name"@alias.test', "root@example.test", "postmaster@example.test",
                    "chain@example.test"):
        assert address in addresses, addresses
    assert any(line.startswith("group both@alias.test member=alice@example.test,bob@example.test") for line in made), made
    assert {"grant send-as info@example.test bob@example.test", "grant send-as *@alias.test alice@example.test"} <= set(made)
    assert not any(word in line for line in made for word in ("false", "include", "elsewhere", "out@", "loop@", "`", "$"))
    unread = json.loads(server.init("--json").stdout)["unread"]
    assert {"virtual_alias_maps", "passwd-file " + str(server.folder / "users")} <= {row["setting"] for row in unread}


def test_what_cannot_be_read_is_in_comments_that_fit_a_screen(folder):
    server = Server(folder, users="alice:{PLAIN}x\n", main="""\
virtual_mailbox_domains = proxy:mysql:/etc/postfix/sql/mysql_virtual_domains_maps.cf
virtual_mailbox_maps = proxy:mysql:/etc/postfix/sql/mysql_virtual_mailbox_maps.cf
smtpd_sender_login_maps = proxy:mysql:/etc/postfix/sql/mysql_virtual_sender_maps.cf
mynetworks = 127.0.0.0/8, !10.0.0.5, 10.0.0.0/8
""")
    server.made()
    text = server.policy.read_text()
    assert "# - virtual_mailbox_domains, proxy:mysql:/etc/postfix/sql/mysql_virtual_domains_maps.cf: Postfix\n#   asks an" in text
    assert '#   write accepted_domain "DOMAIN" { type = Authoritative } for each of its domains:' in text
    comments = [line for line in text.splitlines() if line.strip().startswith("#")]
    assert [line for line in comments if len(line) > 100] == []
    server.assert_valid()


def test_debians_own_configuration(folder):
    """As the packages install it: people are the accounts of the machine."""
    server = Server(folder)
    server.dovecot = STOCK_DOVECOT / "dovecot.conf"
    made = server.made()
    server.assert_valid()
    names = {line.split()[1].partition("@")[0] for line in made if line.startswith("user ")}
    people = {account.pw_name.lower() for account in pwd.getpwall()
              if account.pw_uid >= 1000 and account.pw_name != "nobody" and not account.pw_shell.endswith(("nologin", "false"))}
    assert people <= names
    assert not names & {"root", "daemon", "www-data", "nobody", "postfix", "dovecot"}
    text = server.policy.read_text()
    assert 'login "This host"' in text and 'connector "This host"' in text and 'connector "Default"' in text


# --- who else relays

TABLES = {"clients": "192.0.2.9 OK\n192.0.2.10 REJECT\n", "refused": "192.0.2.10 REJECT no\n", "networks": "192.0.2.0/28 OK\n",
          # Words of a text, a pattern or a comment permit nobody; what follows an entry on the next line is of it.
          "words": "/^dsl-/ REJECT We do not permit\n  OK hosts\n# a OK\n/an OK / DUNNO\nif /OK/\n!/a\\/ OK/i 550 OK\nendif\n",
          "continued": "/^mail/\n\tOK\n", "number": "192.0.2.9 200\n", "ours": "abuse@example.test OK\n",
          "others": "abuse@example.org\tpermit\n"}


@pytest.mark.parametrize("item, told", [
    ("check_client_access texthash:DIR/clients", True),
    ("check_client_access texthash:DIR/refused", False),
    ("check_client_access cidr:DIR/networks", True),
    ("check_client_access inline:{ 192.0.2.9=OK }", True),
    ("check_client_access regexp:DIR/words", False),
    ("check_client_access regexp:DIR/continued", True),
    ("check_client_access cidr:DIR/number", True),
    ("check_recipient_access texthash:DIR/ours", False),
    ("check_recipient_access texthash:DIR/others", True),
    ("check_sender_access texthash:DIR/others", True),
    ("permit_tls_clientcerts", True),
    ("permit_mx_backup", True),
    ("warn_if_reject reject_unknown_client_hostname", False),
    # It turns a refusal into a warning, and leaves a permit as it is.
    ("warn_if_reject permit_tls_clientcerts", True),
    ("warn_if_reject reject, check_client_access texthash:DIR/clients", True),
    ("warn_if_reject permit, check_client_access texthash:DIR/clients", False),
    ("reject_unauth_destination, check_client_access texthash:DIR/clients", False),
])
@pytest.mark.parametrize("setting", ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"])
def test_who_relays_by_a_table_or_a_certificate_is_named(folder, setting, item, told):
    """No connector says so, and once the policy is enforced they relay no more."""
    main = (f"smtpd_relay_restrictions =\n{setting} = permit_mynetworks, {item}, reject_unauth_destination\n"
            "smtpd_tls_ask_ccert = yes\nrelay_clientcerts = texthash:DIR/clients\n")
    server = Server(folder, main=main)
    for name, text in TABLES.items():
        server.table(name, text)
    found = [row for row in json.loads(server.init("--json").stdout)["unread"] if row["setting"] == setting]
    wanted = item.replace("DIR", str(folder)).removeprefix("warn_if_reject reject, ")
    assert [row["what"] for row in found] == ([wanted] if told else [])
    assert all(row["why"] == "it lets clients relay that neither log in nor are in mynetworks" for row in found)
    by_client = not re.match("check_(recipient|sender)", item)
    assert all(by_client or "with these clients" not in row["fix"] for row in found)


def test_a_permit_in_a_class_that_only_warns_is_named(folder):
    server = Server(folder, main="smtpd_tls_ask_ccert = yes\nsmtpd_restriction_classes = ours\n"
                    "ours = reject_unauth_destination, permit_tls_all_clientcerts\n"
                    "smtpd_relay_restrictions = permit_mynetworks, warn_if_reject ours, reject_unauth_destination\n")
    found = [row for row in json.loads(server.init("--json").stdout)["unread"] if row["setting"] == "smtpd_relay_restrictions"]
    assert [row["what"] for row in found] == ["permit_tls_all_clientcerts"], found


@pytest.mark.parametrize("setting", ["smtpd_relay_restrictions", "smtpd_sender_restrictions"])
def test_classes_that_are_too_deep_to_follow_are_named(folder, setting):
    names = [f"a{i}" for i in range(30)]
    deep = "".join(f"{one} = {other}\n" for one, other in zip(names, names[1:])) + "a29 = permit_tls_all_clientcerts\n"
    server = Server(folder, main=f"smtpd_tls_ask_ccert = yes\nsmtpd_restriction_classes = {', '.join(names)}\n{deep}"
                    f"smtpd_relay_restrictions = reject_unauth_destination\n{setting} = a0, reject_unauth_destination\n")
    found = [row for row in json.loads(server.init("--json").stdout)["unread"] if row["setting"].endswith("_restrictions")]
    assert [(row["setting"], row["what"]) for row in found] == [(setting, "a20")], found
    assert "too deep to follow" in found[0]["why"] and "too deep to follow" in server.init().stdout


@pytest.mark.parametrize("word, told", [
    ("reject_known_sender_login_mismatch", True), ("reject_unauthenticated_sender_login_mismatch", True),
    ("reject_sender_login_mismatch", True), ("reject_authenticated_sender_login_mismatch", False),
    ("permit, reject_known_sender_login_mismatch", False)])
def test_that_strangers_are_refused_with_a_sender_of_the_maps_is_told(folder, word, told):
    server = Server(folder, users="alice:{PLAIN}x\n", main="smtpd_sasl_auth_enable = yes\nsmtpd_sender_login_maps = "
                    f"inline:{{ alice@example.test=alice }}\nsmtpd_sender_restrictions = {word}\n")
    server.made()
    text = re.sub(r"\s*\n\s*# ", " ", server.policy.read_text())
    assert (f"without a login, and goes on to do so ({word})." in text) == told, text


@pytest.mark.parametrize("interfaces, item, told", [
    ("all", "permit_mynetworks, permit_inet_interfaces", True),
    ("127.0.0.1, 192.0.2.1", "permit_mynetworks, permit_inet_interfaces", True),
    ("loopback-only", "permit_inet_interfaces", True),
    ("loopback-only", "permit_mynetworks, permit_inet_interfaces", False),
    ("all", "permit_mynetworks", False),
])
def test_that_the_addresses_of_the_host_relay_is_named(folder, interfaces, item, told):
    """A program of this host that connects to its public address has that address."""
    server = Server(folder, main=f"inet_interfaces = {interfaces}\nmynetworks = 127.0.0.0/8 [::1]/128\n"
                    f"smtpd_relay_restrictions = {item}, reject_unauth_destination\n")
    found = [row for row in json.loads(server.init("--json").stdout)["unread"] if row["setting"] == "smtpd_relay_restrictions"]
    assert [row["what"] for row in found] == (["permit_inet_interfaces"] if told else [])
    assert all("addresses of this host" in row["why"] and "remote_ip_ranges" in row["fix"] for row in found)


def test_a_catch_all_of_a_domain_is_named_where_everybody_sends_as_it(folder):
    server = Server(folder, main="virtual_alias_domains = other.test, old.test\nvirtual_alias_maps = texthash:DIR/aliases\n",
                    users="alice:{PLAIN}x\n")
    server.table("aliases", "@other.test alice\n@old.test @example.test\n")
    found = {row["what"] for row in json.loads(server.init("--json").stdout)["unread"] if row["setting"] == "virtual_alias_maps"}
    assert found == {"@other.test"}
    main = server.etc / "main.cf"
    main.write_text(main.read_text() + "smtpd_sasl_auth_enable = yes\nsmtpd_sender_restrictions = reject_sender_login_mismatch\n"
                    "smtpd_sender_login_maps = inline:{ alice@example.test=alice }\n")
    assert not [row for row in json.loads(server.init("--json").stdout)["unread"] if row["setting"] == "virtual_alias_maps"]
