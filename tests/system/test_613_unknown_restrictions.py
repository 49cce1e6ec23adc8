"""Lists of restrictions with a name that Postfix does not know: it refuses mail there, or its smtpd ends, and `check` says at
which name of which list."""
import socket
import subprocess

import pytest

import rig
from rig.past_policy import STRANGER, Site
from rig.pasted import paste

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
]

BOB = "bob@example.test"
CLIENT, HELO, CLASSES = "smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_restriction_classes"
UNKNOWN, UNDEFINED = "unknown-restriction", "undefined-class"


@pytest.fixture(scope="module")
def site(module_folder):
    made = Site(module_folder)
    made.daemon.start()
    yield made
    made.daemon.kill()


def version():
    told = subprocess.run([rig.tool("postconf"), "-dh", "mail_version"], capture_output=True, text=True, timeout=60)
    return tuple(int(number) for number in told.stdout.split("."))


def told(site):
    return [found for found in site.check()[1]["findings"] if found["id"] in (UNKNOWN, UNDEFINED)]


# What is written; the setting and the word that check names.
REFUSED = {
    "a name with a letter less": (f"{CLIENT} = reject_unkown_client_hostname\n", CLIENT, "reject_unkown_client_hostname"),
    "over lines, behind a comma": (f"{HELO} =\n  reject_invalid_helo_hostname,\n# one\n  reject_unkown,\n", HELO, "reject_unkown"),
    "behind warn_if_reject": (f"{CLIENT} = warn_if_reject reject_unkown\n", CLIENT, "reject_unkown"),
    "behind a table": (f"{CLIENT} = check_client_access static:DUNNO reject_unkown\n", CLIENT, "reject_unkown"),
    "in braces": (f"{CLIENT} = {{permit_mynetworks}}\n", CLIENT, "{permit_mynetworks}"),
    "by a $name": (f"mine = reject_unkown\n{CLIENT} = $mine\n", CLIENT, "reject_unkown"),
    "a class that is not listed": (f"{CLIENT} = ours\nours = permit\n", CLIENT, "ours"),
    "a class in another case": (f"{CLASSES} = ours\nours = permit_mynetworks\n{CLIENT} = Ours\n", CLIENT, "Ours"),
    "in a class": (f"{CLASSES} = outer, ours\nouter = ours\nours = reject_unkown\n{HELO} = outer\n", "ours", "reject_unkown"),
    "behind a class that only warns": (f"{CLASSES} = ours\nours = reject\n{HELO} = warn_if_reject ours, reject_unkown\n", HELO,
                                       "reject_unkown"),
    "known in small letters alone": (f"{CLIENT} = REJECT_SENDER_LOGIN_MISMATCH\n", CLIENT, "REJECT_SENDER_LOGIN_MISMATCH"),
    "a table without its name": (f"{CLIENT} = check_client_access\n", CLIENT, "check_client_access"),
    "a file without its type": (f"{CLIENT} = check_client_access /etc/clients\n", CLIENT, "check_client_access /etc/clients"),
    "no number": (f"{CLIENT} = sleep a\n", CLIENT, "sleep a"),
}


@pytest.mark.parametrize("main,setting,word", REFUSED.values(), ids=REFUSED)
def test_an_unknown_name_refuses_mail_and_is_an_error(site, main, setting, word):
    site.configure(main=main)
    found, = told(site)
    assert (found["id"], found["severity"], found["setting"]) == (UNKNOWN, "error", setting), found
    assert found["what"].startswith(f"{word} in {setting} "), found
    with site:
        assert site.ask(STRANGER, BOB) == "451"


def test_a_table_alone_at_data_refuses_mail_and_is_an_error(site):
    site.configure(main="smtpd_data_restrictions = static:DUNNO\n")
    found, = told(site)
    assert found["what"].startswith("static:DUNNO in smtpd_data_restrictions "), found
    with site, site.client("smtp") as client:
        assert client.mail(STRANGER).startswith("250") and client.rcpt(BOB).startswith("250")
        assert client.command("DATA").startswith("451")


def test_an_option_of_one_listener_is_named_there(site):
    site.configure(options={CLIENT: "reject_unkown"})
    found, = told(site)
    assert found["setting"] == f"{site.ports['smtp']}/inet/{CLIENT}", found


def test_a_listener_that_no_connector_names_is_looked_at_too(site):
    port = rig.free_port()
    site.configure(master=f"127.0.0.1:{port} inet n - n - - smtpd -o content_filter= -o {CLIENT}=reject_unkown\n")
    found, = told(site)
    assert found["setting"] == f"127.0.0.1:{port}/inet/{CLIENT}", found


SOUND = {
    "behind a permit": f"{CLIENT} = permit, reject_unkown\n",
    "in capitals": f"{CLIENT} = Permit_MyNetworks, Check_Client_Access static:DUNNO, SLEEP 0\n",
    "a table alone": f"{HELO} = static:DUNNO, inline:{{ {{ a = REJECT b c }}, d=OK }}\n",
    "a class": f"{CLASSES} = ours, check_ours\nours = check_ours permit_mynetworks\ncheck_ours = static:DUNNO\n{CLIENT} = ours\n",
    "a warning at the end": f"{CLIENT} = permit_mynetworks warn_if_reject\n",
    "a braced table": f"{CLIENT} = check_client_access {{ static:DUNNO, {{ search_order = }} }}\n",
}


@pytest.mark.parametrize("main", SOUND.values(), ids=SOUND)
def test_what_postfix_knows_is_no_finding(site, main):
    site.configure(main=main)
    assert told(site) == []
    with site:
        assert site.ask(STRANGER, BOB) in ("250", "451" if "search_order" in main else "")


@pytest.mark.parametrize("word", ["permit_naked_ip_address", "reject_maps_rbl"])
def test_what_postfix_3_9_took_away_is_an_error_there(site, word):
    site.configure(main=f"{CLIENT} = {word}\n")
    gone = version() >= (3, 9)
    assert [found["what"].split()[0] for found in told(site)] == [word] * gone
    with site:
        assert (site.ask(STRANGER, BOB) == "451") == gone


# What is written; the class without a definition; whether a list names it.
DEAD = {
    "never defined": (f"{CLASSES} = ours\n{CLIENT} = ours\n", "ours", True),
    "empty": (f"{CLASSES} = ours, theirs\nours =\ntheirs = permit_mynetworks\n{CLIENT} = theirs\n", "ours", False),
    "a name that is empty": (f"{CLASSES} = ours\nours = $nothing\nnothing =\n{HELO} = warn_if_reject ours\n", "ours", True),
    "a restriction of Postfix": (f"{CLASSES} = theirs permit\ntheirs = permit_mynetworks\n{CLIENT} = permit\n", "permit", True),
}


@pytest.mark.parametrize("main,word,named", DEAD.values(), ids=DEAD)
def test_a_class_without_a_definition_ends_smtpd_and_is_an_error(site, main, word, named):
    site.configure(main=main)
    found, = told(site)
    assert (found["id"], found["severity"], found["setting"]) == (UNDEFINED, "error", CLASSES), found
    assert f"the class {word} has no definition" == found["what"]
    assert (found["place"] is None) == named, found
    with site:
        rig.wait_for(lambda: f"restriction class `{word}' needs a definition" in site.postfix.text()
                     or provoke(site.ports["smtp"]), "smtpd to end")
    if not named:
        paste(found)
        assert told(site) == []


def provoke(port):
    """A client, which nobody greets."""
    socket.create_connection(("127.0.0.1", port), 30).close()
    return False
