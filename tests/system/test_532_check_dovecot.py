"""mailwicket check --dovecot: what undoes a policy is found; by what 2.3 and 2.4 print."""
import json
import subprocess

import pytest

import rig
from rig import changed
from rig.checked import Checked, brief
from rig.dovecot import version
from rig.mailsite import WORLD_POLICY

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
]


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    made.configure()
    yield made
    made.stop()


PASSDB = ("passdb {\n  driver = mailwicket\n  result_success = continue\n  result_failure = return-fail\n"
          "  result_internalfail = return-fail\n}\n")

# name, what stands there, what in its place, severity, setting, a word of the finding, a word of the fix
DOVECOT = [
    ("no plugin", "login_plugins = mailwicket", "", "error", "login_plugins", "not among the login plugins",
     "login_plugins = mailwicket"),
    ("another plugin", "login_plugins = mailwicket", "login_plugins = other", "error", "login_plugins",
     "not among the login plugins", "login_plugins = other mailwicket"),
    ("a protocol without the plugin", "login_plugins = mailwicket", "login_plugins = mailwicket\nprotocol imap {\n"
     "  login_plugins = other\n}", "error", "protocol imap/login_plugins", "not among the login plugins",
     "login_plugins = other mailwicket"),
    ("no passdb", PASSDB, "", "error", "passdb", "no passdb with driver = mailwicket", "passdb {\n  driver = mailwicket\n"),
    ("another passdb before it", PASSDB, "passdb {\n  driver = static\n  args = nopassword\n}\n" + PASSDB, "error", "passdb",
     "passdb static stands before", "driver = mailwicket\n"),
    ("result_success", "result_success = continue", "result_success = return-ok", "error",
     "passdb mailwicket/result_success", "return-ok", "result_success = continue"),
    ("result_failure", "result_failure = return-fail", "", "error", "passdb mailwicket/result_failure", "continue",
     "result_failure = return-fail"),
    ("result_internalfail", "result_internalfail = return-fail", "result_internalfail = continue", "error",
     "passdb mailwicket/result_internalfail", "continue", "result_internalfail = return-fail"),
    ("some mechanisms only", "driver = mailwicket", "driver = mailwicket\n  mechanisms = plain", "error",
     "passdb mailwicket/mechanisms", "only for plain", "result_success = continue"),
    ("some users only", "driver = mailwicket", "driver = mailwicket\n  username_filter = *@example.test", "error",
     "passdb mailwicket/username_filter", "only for *@example.test", "result_success = continue"),
    ("TLS not required", "ssl = required", "ssl = yes", "note", "ssl", "does not require TLS", "ssl = required"),
    ("no TLS", "ssl = required", "ssl = no", "error", "ssl", "offers no TLS", "ssl = required"),
    ("passwords in clear", None, "disable_plaintext_auth = no", "note", "disable_plaintext_auth",
     "allows passwords without TLS", "disable_plaintext_auth = yes"),
    ("another policy", "MAILWICKET_CONFIG=", "MAILWICKET_CONFIG=/other", "error", "import_environment",
     "processes read /other", "import_environment = $import_environment MAILWICKET_CONFIG=/"),
    ("the usual policy", "MAILWICKET_CONFIG=", "OTHER=", "error", "import_environment", "the usual policy file",
     "import_environment = $import_environment MAILWICKET_CONFIG=/"),
    ("trusted networks", "ssl = required", "ssl = required\nlogin_trusted_networks = 192.0.2.0/24", "note",
     "login_trusted_networks", "192.0.2.0/24", ""),
    ("HAProxy without a rule", "service anvil {", "service pop3-login {\n  inet_listener pop3 {\n    haproxy = yes\n  }\n}\n"
     "service anvil {", "note", "service/inet_listener/haproxy", "speaks HAProxy's protocol", "tls_proxies"),
    ("a log that does not say why", "auth_verbose = yes\n", "", "note", "auth_verbose", "why a login failed",
     "auth_verbose = yes"),
    ("no socket for Postfix", "service auth {", "service other {", "error", "service auth", "no listener /",
     "    mode = 0660\n    user = postfix\n    group = postfix\n"),
    ("a socket that Postfix may not use", "    user = postfix\n    group = postfix", "", "error",
     "service auth/unix_listener SOCKET", "Postfix may not connect", "    mode = 0660\n    user = postfix\n    group = postfix\n"),
    ("a socket for everybody", "mode = 0660", "mode = 0666", "warning", "service auth/unix_listener SOCKET",
     "everybody on this machine", "    mode = 0660\n    user = postfix\n    group = postfix\n"),
]

PLUGINS = "login_plugins {\n  mailwicket = yes\n}\n"
PASSDB_OF_2_4 = PASSDB.replace("passdb {\n", "passdb mailwicket {\n")
OF_2_4 = [
    ("no plugin", PLUGINS, "", "error", "login_plugins", "not among the login plugins", "mailwicket = yes"),
    ("another plugin", PLUGINS, PLUGINS.replace("mailwicket", "other"), "error", "login_plugins", "not among the login plugins",
     "mailwicket = yes"),
    ("no passdb", PASSDB_OF_2_4, "", "error", "passdb", "no passdb with driver = mailwicket", "passdb mailwicket {"),
    ("another passdb before it", PASSDB_OF_2_4, "passdb static {\n  fields {\n    nopassword = yes\n  }\n}\n" + PASSDB_OF_2_4,
     "error", "passdb", "passdb static stands before", "driver = mailwicket\n"),
    ("result_success", "result_success = continue", "result_success = return-ok", "error",
     "passdb mailwicket/result_success", "return-ok", "result_success = continue"),
    ("result_failure", "result_failure = return-fail", "", "error", "passdb mailwicket/result_failure", "its default",
     "result_failure = return-fail"),
    ("result_internalfail", "result_internalfail = return-fail", "result_internalfail = continue", "error",
     "passdb mailwicket/result_internalfail", "continue", "result_internalfail = return-fail"),
    ("TLS not required", "ssl = required", "ssl = yes", "note", "ssl", "does not require TLS", "ssl = required"),
    ("no TLS", "ssl = required", "ssl = no", "error", "ssl", "offers no TLS", "ssl = required"),
    ("another policy", "MAILWICKET_CONFIG = ", "MAILWICKET_CONFIG = /other", "error", "import_environment",
     "processes read /other", "MAILWICKET_CONFIG = /"),
    ("the usual policy", "MAILWICKET_CONFIG = ", "OTHER = ", "error", "import_environment", "the usual policy file",
     "MAILWICKET_CONFIG = /"),
    ("trusted networks", "ssl = required", "ssl = required\nlogin_trusted_networks = 192.0.2.0/24", "note",
     "login_trusted_networks", "192.0.2.0/24", ""),
    ("HAProxy without a rule", "service anvil {", "service pop3-login {\n  inet_listener pop3 {\n    haproxy = yes\n  }\n}\n"
     "service anvil {", "note", "service/inet_listener/haproxy", "speaks HAProxy's protocol", "tls_proxies"),
    ("a log that does not say why", "auth_verbose = yes\n", "", "note", "auth_verbose", "why a login failed",
     "auth_verbose = yes"),
    ("no socket for Postfix", "service auth {", "service other {", "error", "service auth", "no listener /",
     "user = postfix"),
    ("a socket that Postfix may not use", "    user = postfix\n    group = postfix", "", "error",
     "service auth/unix_listener SOCKET", "Postfix may not connect", "user = postfix"),
    ("a socket for everybody", "mode = 0660", "mode = 0666", "warning", "service auth/unix_listener SOCKET",
     "everybody on this machine", "mode = 0660"),
]
ROWS = DOVECOT if version() == "2.3" else OF_2_4


@pytest.mark.parametrize("old,new,severity,setting,what,fix", [row[1:] for row in ROWS],
                         ids=[row[0] for row in ROWS])
def test_check_names_what_dovecot_undoes(site, old, new, severity, setting, what, fix):
    text = site.dovecot.config.read_text()
    if old is not None and old.startswith("service "):
        new = new.replace("service other {", "service auth-worker {")
    code, findings = site.check_dovecot(text + new + "\n" if old is None else changed(text, (old, new)))
    setting = setting.replace("SOCKET", str(site.postfix.auth_socket))
    assert [(f["severity"], f["setting"]) for f in findings] == [(severity, setting)], brief(findings)
    assert code == (1 if severity == "error" else 0)
    assert what in findings[0]["what"]
    assert fix in findings[0]["fix"]


@pytest.mark.parametrize("module,what", [
    ("login/lib10_mailwicket_plugin.so", "with the plugin in login_plugins no login process starts"),
    ("auth/libauthdb_mailwicket.so", "the auth process does not know the driver mailwicket"),
])
def test_check_misses_a_module_that_is_not_installed(site, module, what):
    path = site.dovecot.modules / module
    path.rename(path.with_suffix(".away"))
    try:
        code, findings = site.check_dovecot()
    finally:
        path.with_suffix(".away").rename(path)
    assert code == 1
    assert [what in finding["why"] for finding in findings] == [True], brief(findings)
    assert path.name in findings[0]["what"]


PERMISSIVE = """
login "local" {
    remote = { "127.0.0.42" }
    login_type = PlainTextLogin
    tls_proxies = { "192.0.2.5" }
}
"""


# The setting that keeps passwords out of connections without TLS, allowing them and not.
CLEARTEXT = {"2.3": ("disable_plaintext_auth", "no", "yes"), "2.4": ("auth_allow_cleartext", "yes", "no")}


def test_check_finds_what_is_too_strict_for_a_rule(folder):
    setting, lax, strict = CLEARTEXT[version()]
    site = Checked(folder, WORLD_POLICY + PERMISSIVE)
    try:
        site.configure()
        code, findings = site.check_dovecot()
        assert [(f["severity"], f["setting"]) for f in findings] == [("warning", "service/inet_listener/haproxy")]
        text = site.dovecot.config.read_text()
        text = changed(text, (f"{setting} = {lax}", f"{setting} = {strict}"), ("haproxy_trusted_networks = ", "#"))
        code, findings = site.check_dovecot(text + "ssl = required\n")
        assert code == 1
        assert sorted((f["setting"], f["fix"]) for f in findings if f["severity"] == "error") == sorted([
            (setting, f"{setting} = {lax}"),
            ("haproxy_trusted_networks", "haproxy_trusted_networks = 192.0.2.5"), ("ssl", "ssl = yes")])
    finally:
        site.stop()


# Cut from what Dovecot 2.4.1's `doveconf -a` prints with the lines of `show --dovecot --generation 2.4`.
PRINTED_BY_2_4 = """\
auth_allow_cleartext = no
auth_verbose = yes
haproxy_trusted_networks =
import_environment {
  MAILWICKET_CONFIG = %(policy)s
  TZ = %%{env:TZ}
}
login_plugin_dir = %(modules)s/login
login_plugins {
  mailwicket = yes
}
login_trusted_networks =
mail_plugin_dir = /usr/lib/dovecot/modules
passdb_result_failure = continue
ssl = required
passdb mailwicket {
  driver = mailwicket
  result_failure = return-fail
  result_internalfail = return-fail
  result_success = continue
}
passdb pam {
}
service auth {
  unix_listener auth-userdb {
  }
  unix_listener /var/spool/postfix/private/auth {
    group = postfix
    mode = 0660
    user = postfix
  }
}
"""


@pytest.mark.parametrize("old,new,wanted", [
    ("", "", []),
    ("  mailwicket = yes\n", "", [("error", "login_plugins", "login_plugins {\n  mailwicket = yes\n}")]),
    ("passdb mailwicket {", "passdb pam {\n}\npassdb mailwicket {",
     [("error", "passdb", PASSDB_OF_2_4[:-1])]),
    ("  result_failure = return-fail\n", "", [("error", "passdb mailwicket/result_failure", "result_failure = return-fail in that block")]),
    ("auth_allow_cleartext = no", "auth_allow_cleartext = yes", [("note", "auth_allow_cleartext", "auth_allow_cleartext = no")]),
    ("  MAILWICKET_CONFIG", "  OTHER", [("error", "import_environment", "import_environment {\n  MAILWICKET_CONFIG = POLICY\n}")]),
    ("    mode = 0660\n    user = postfix\n", "",
     [("error", "service auth/unix_listener /var/spool/postfix/private/auth",
       "service auth {\n  unix_listener /var/spool/postfix/private/auth {\n    mode = 0660\n    user = postfix\n    group = postfix\n  }\n}")]),
], ids=["set up right", "no plugin", "another passdb first", "a default result", "cleartext", "another policy", "a closed socket"])
def test_check_reads_what_dovecot_2_4_prints(site, tmp_path, old, new, wanted):
    text = PRINTED_BY_2_4 % {"policy": site.daemon.policy, "modules": site.dovecot.modules}
    assert old in text
    (tmp_path / "printed").write_text(text.replace(old, new, 1) if old else text)
    program = tmp_path / "doveconf"
    program.write_text(f'#!/bin/sh\ncat "{tmp_path}/printed"\n')
    program.chmod(0o755)
    told = subprocess.run([rig.CLI, "-c", site.daemon.policy, "--json", "check", "--policy-only", "--dovecot"],
                          capture_output=True, text=True, timeout=60, env={"PATH": f"{tmp_path}:{rig.PATH}"})
    # The Dovecot of this machine, which is tried, does not have what is printed here.
    found = [(f["severity"], f["setting"], f["fix"].replace(str(site.daemon.policy), "POLICY"))
             for f in json.loads(told.stdout)["findings"] if f["id"] != "dovecot-start"]
    assert found == wanted
