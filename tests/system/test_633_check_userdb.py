"""mailwicket check --dovecot: a userdb that makes another user of a login, which nobody judges, by what Dovecot prints
and by the files that it names."""
import pytest

import rig
from rig.checked import Checked, brief
from rig.dovecot import version

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
              pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    made.configure()
    yield made
    made.stop()


def of_2_3(driver, settings):
    return f"userdb {{\n  driver = {driver}\n  {settings}\n}}\n"


def of_2_4(name, settings, driver="static"):
    return f"userdb {name} {{\n  driver = {driver}\n  {settings}\n}}\n"


# What the userdb is, and the findings: severity, setting, a word of what is said.
FOUND_2_3 = {
    "a fixed name": (of_2_3("static", "args = uid=1 gid=1 user=bob home=/x"), "error", "userdb static/args", "to bob"),
    "a part of the name": (of_2_3("static", "args = uid=1 domain=example.org"), "error", "userdb static/args", "domain"),
    "a default": (of_2_3("passwd", "default_fields = user=%n"), "error", "userdb passwd/default_fields", "to %n"),
    "the last word": (of_2_3("passwd", "override_fields = uid=1 user=bob"), "error", "userdb passwd/override_fields", "to bob"),
    "for one protocol": ("protocol imap {\n" + of_2_3("static", "args = uid=1 user=bob") + "}\n", "error",
                         "protocol imap/userdb static/args", "to bob"),
    "a query": (of_2_3("sql", "args = SQL"), "warning", "user_query", "sets user"),
    "an attribute": (of_2_3("ldap", "args = LDAP"), "warning", "user_attrs", "sets user"),
    "an entry": (of_2_3("passwd-file", "args = username_format=%u FILE"), "error", "userdb passwd-file",
                 "entry of alias sets user to bob"),
}
FOUND_2_4 = {
    "a fixed name": (of_2_4("a", "fields {\n    user = bob\n  }"), "error", "userdb static/fields/user", "to bob"),
    "a part of the name": (of_2_4("a", "fields {\n    domain = example.org\n  }"), "error", "userdb static/fields/domain",
                           "domain"),
    "a template": (of_2_4("a", "fields {\n    user = %{user | username}\n  }"), "error", "userdb static/fields/user",
                   "user"),
    "for one protocol": ("protocol imap {\n" + of_2_4("a", "fields {\n    user = bob\n  }") + "}\n", "error",
                         "protocol imap/userdb static/fields/user", "to bob"),
    "an entry": (of_2_4("a", "passwd_file_path = FILE", "passwd-file"), "error", "userdb passwd-file",
                 "entry of alias sets user to bob"),
}
FOUND = FOUND_2_3 if version() == "2.3" else FOUND_2_4
FINE_2_3 = {
    "the same name in lower case": of_2_3("static", "args = uid=1 user=%Lu home=/x"),
    "other fields": of_2_3("static", "args = uid=1 gid=1 home=/home/user=/x"),
    "a file for each domain": of_2_3("passwd-file", "args = FOLDER/%d"),
    "a file that is not there": of_2_3("passwd-file", "args = FOLDER/none"),
    "what a passdb sets": of_2_3("prefetch", ""),
}
FINE_2_4 = {
    "the same name in lower case": of_2_4("a", "fields {\n    user = %{user | lower}\n  }"),
    "other fields": of_2_4("a", "fields {\n    home = /x\n  }"),
    "a file for each domain": of_2_4("a", "passwd_file_path = FOLDER/%{user | domain}", "passwd-file"),
    "a file that is not there": of_2_4("a", "passwd_file_path = FOLDER/none", "passwd-file"),
    "what a passdb sets": "userdb prefetch {\n}\n",
}
FINE = FINE_2_3 if version() == "2.3" else FINE_2_4


def check(site, text):
    files = {"SQL": "driver = sqlite\nuser_query = SELECT home, uid, \\\n  login AS user FROM users WHERE name = '%u'\n",
             "LDAP": "# user_attrs = uid=home\nuser_attrs = homeDirectory=home,uid=user\n",
             "FILE": "bob:{PLAIN}x:1:1::/x::\nalias:{PLAIN}x:1:1::/x::userdb_user=bob\n"}
    for name, content in files.items():
        path = site.dovecot.folder / name.lower()
        path.write_text(content)
        text = text.replace(name, str(path))
    return site.check_dovecot(site.dovecot.config.read_text() + text.replace("FOLDER", str(site.dovecot.folder)))


@pytest.mark.parametrize("text,severity,setting,what", FOUND.values(), ids=FOUND)
def test_check_finds_a_userdb_that_names_another_user(site, text, severity, setting, what):
    code, findings = check(site, text)
    # Not with a database that is not there, or a driver that is not installed.
    starts = not any(f["id"] == "dovecot-start" for f in findings)
    findings = [f for f in findings if f["id"] != "dovecot-start"]
    assert [(f["severity"], f["setting"]) for f in findings] == [(severity, setting)], brief(findings)
    assert code == (1 if severity == "error" or not starts else 0)
    assert what in findings[0]["what"] and "mailbox" in findings[0]["why"] and "passdb" in findings[0]["fix"]
    if what.startswith("entry"):
        assert (findings[0]["file"], findings[0]["line"]) == (str(site.dovecot.folder / "file"), 2)


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_a_userdb_that_leaves_the_name_alone_is_no_finding(site, text):
    code, findings = check(site, text)
    assert (code, findings) == (0, []), brief(findings)
