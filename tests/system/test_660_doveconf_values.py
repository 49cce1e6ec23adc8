"""mailwicket check --dovecot reads what doveconf of both releases prints, whatever the values are."""
import shutil

import pytest

import rig
from rig.checked import Checked, brief
from rig.dovecot import version

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
]

# Values, titles and keys that look like the beginning or the end of a section.
ODD = {
    "2.3": """
login_greeting = hello {
login_log_format = "x # y \\" ' \\\\ {"
auth_default_realm = }
auth_realms = "{"
auth_username_format = \\
  %Lu
auth_master_user_separator = "# {"
mail_attachment_dir = "= {"
mail_plugins = password=abc {
postmaster_address = "  lead # {"
login_access_sockets =
ssl_ca = <$FOLDER/none = {
plugin {
  w = }
  x{ = y
  z = {
}
namespace "=" {
  prefix = {
  separator = /
}
namespace "in box" {
  inbox = yes
  separator = /
}
protocol pop3 {
  login_log_format = }
}
local 127.0.0.1 {
  protocol imap {
    login_greeting = }
  }
}
""",
    "2.4": """
login_greeting = hello {
login_log_format = "x # y \\" ' \\\\ {"
auth_default_domain = }
auth_anonymous_username = <$FOLDER/nobody {
auth_username_format = \\
  %{user | lower}
auth_master_user_separator = "# {"
mail_chroot = "= {"
postmaster_address = "  lead # {"
import_environment {
  "A B" = {
  C = }
  "q {" = "w # {"
}
namespace "=" {
  prefix = "{"
  separator = /
}
namespace "in box{" {
  inbox = yes
  separator = /
}
protocol pop3 {
  login_greeting = }
}
local 127.0.0.1 {
  protocol imap {
    login_greeting = }
  }
  protocol pop3 {
    login_greeting = "# }"
  }
}
""",
}


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    made.configure()
    yield made
    made.stop()


def odd(site):
    """Before and behind what `show` printed: nothing of it must be taken for something else."""
    text = site.dovecot.config.read_text()
    head, mark, rest = text.partition("base_dir =")
    shutil.copy(site.dovecot.certificate.cert, site.folder / "none = {")
    (site.folder / "nobody {").write_text("nobody\n")
    return head + ODD[site.dovecot.generation].replace("$FOLDER", str(site.folder)) + mark + rest


def test_odd_values_are_no_finding(site):
    code, findings = site.check_dovecot(odd(site))
    assert (code, findings) == (0, []), [one["detail"] + one["what"] for one in findings]


def test_what_is_wrong_behind_odd_values_is_found(site):
    text = odd(site)
    wrong = text.replace("result_failure = return-fail", "result_failure = continue")
    wrong = wrong.replace("ssl = required", "ssl = no")
    assert wrong != text
    code, findings = site.check_dovecot(wrong)
    assert (code, sorted(setting for _, setting, _ in brief(findings))) == \
        (1, ["passdb mailwicket/result_failure", "ssl"])
