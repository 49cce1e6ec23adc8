"""vsz_limit of Dovecot's auth process: what show prints, setup writes and check expects for a directory of this size."""
import json
import os
import re

import pytest

from rig.dovecot import version
from rig.large_directory import LargeSite, users

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

MB = 1 << 20
PLACE = "service auth/vsz_limit"


def auth(limit):
    return f"service auth {{\n  vsz_limit = {limit}\n}}\n"


@pytest.fixture(scope="module")
def site(module_folder):
    return LargeSite(module_folder, users(10))


@pytest.fixture(autouse=True)
def as_it_was(site):
    yield
    site.publish("user bob@example.test login=bob\n", everybody=False)
    site.dovecot.config.write_text(site.shown)


def grow(site, megabytes):
    """The published file has this length: only that counts here."""
    os.truncate(site.snapshot, int(megabytes * MB))


def configure(site, text):
    """Dovecot's configuration without the limit that show printed, and with this text."""
    plain, found = re.subn(r"service auth \{\n  vsz_limit = [^\n]*\n\}\n", "", site.shown)
    assert found == 1
    site.dovecot.config.write_text(plain + text)


def findings(site):
    result = site.files.cli("--json", "check", "--dovecot", "--dovecot-config", str(site.dovecot.config))
    told = json.loads(result.stdout)
    return [finding for finding in told["findings"] if finding["setting"] == PLACE]


def shown(site):
    text = site.files.cli("show", "--dovecot", "--generation", version()).stdout
    limits = re.findall(r"(?m)^service auth \{\n  vsz_limit = (\d+) M\n\}$", text)
    assert len(limits) == 1, text
    return int(limits[0])


@pytest.mark.parametrize("megabytes", [0.1, 10, 100, 226, 1000, 5000])
def test_what_is_shown_holds_two_and_room_to_grow(site, megabytes):
    grow(site, megabytes)
    limit = shown(site)
    assert 3 * megabytes + 256 <= limit < 3 * megabytes + 256 + 64
    configure(site, auth(f"{limit} M"))
    assert findings(site) == []


def test_without_a_directory_it_is_the_usual_limit(site):
    site.snapshot.unlink()
    assert shown(site) == 256


# What Dovecot is configured to, how long the file is, and what check says of it.
CHECKS = [
    ("the default and a small directory", "", 0.1, None),
    ("the default and one that grows", "", 80, "warning"),
    ("the default and a large one", "", 100, "error"),
    ("too little for any", auth("32M"), 0.1, "error"),
    ("enough today", auth("600M"), 200, "warning"),
    ("enough", auth("700 M"), 200, None),
    ("one, not two", auth("300 M"), 200, "error"),
    ("without a limit", auth("0" if version() == "2.3" else "unlimited"), 5000, None),
    ("a large default for all", "default_vsz_limit = 1G\n", 200, None),
    ("its own is smaller than the default for all", "default_vsz_limit = 1G\n" + auth("300M"), 200, "error"),
    ("two blocks, the last counts", auth("1G") + auth("300M"), 200, "error"),
]


@pytest.mark.parametrize("text,megabytes,severity", [row[1:] for row in CHECKS], ids=[row[0] for row in CHECKS])
def test_check_says_when_two_do_not_fit(site, text, megabytes, severity):
    grow(site, megabytes)
    configure(site, text)
    found = findings(site)
    assert [finding["severity"] for finding in found] == ([severity] if severity else []), found
    if severity:
        line = found[0]["fix"]
        assert line == f"service auth {{\n  vsz_limit = {shown(site)} M\n}}"
        configure(site, text + line + "\n")
        assert findings(site) == []


SPELLINGS = ["", auth("300 M"), auth("300MB") if version() == "2.3" else auth("300MiB"), auth("307200k"), auth("1G"),
             auth("500000000"), auth("0" if version() == "2.3" else "unlimited"), "default_vsz_limit = 400M\n",
             "default_vsz_limit = 400M\n" + auth("500M")]
if version() == "2.4":
    SPELLINGS += ["service_vsz_limit = 700M\n", "service auth {\n  service_vsz_limit = 350M\n}\n"]


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_limit_is_read_as_dovecot_reads_it(site, text):
    """What the running process may have is just what check says: it complains of a directory that is a little larger."""
    configure(site, text)
    with site.dovecot:
        assert site.may_log_in()
        limits = (site.auth() / "limits").read_text()
    limit = re.search(r"^Max address space\s+(\S+)", limits, re.M).group(1)
    if limit == "unlimited":
        grow(site, 10000)
        assert findings(site) == []
        return
    # An error speaks of twice the file and 64 MB.
    fits = (int(limit) / MB - 64) / 2
    grow(site, fits - 0.01)
    assert [finding["severity"] for finding in findings(site)] == ["warning"]
    grow(site, fits + 0.01)
    assert [finding["severity"] for finding in findings(site)] == ["error"]


def set_up(site, *words):
    return site.files.cli("setup", "--dovecot", "--dovecot-config", str(site.dovecot.config), "--backup",
                          str(site.dovecot.folder / "backup"), *words)


# 100,000 users are some 22 MB: what is shown for them is more than the usual limit, and so than what a small one needs.
@pytest.mark.parametrize("before,count,kept", [
    ("", 10, None), ("", 100000, None), (auth("300M"), 100000, None), (auth("2G"), 100000, "2G"),
    (auth("900 M"), 100000, "900 M"), ("default_vsz_limit = 3G\n", 100000, "3G"),
    (auth("0"), 100000, "0") if version() == "2.3" else (auth("unlimited"), 100000, "unlimited"),
])
def test_setup_writes_enough_and_never_less_than_there_is(site, before, count, kept):
    site.publish("user bob@example.test login=bob\n" + users(count), everybody=False)
    configure(site, before)
    enough = f"{shown(site)} M"
    result = set_up(site, "--apply")
    assert result.returncode == 0, result.stdout + result.stderr
    written = re.findall(r"vsz_limit = (.*)", site.dovecot.config.read_text())
    assert written[-1] == (kept or enough)
    assert findings(site) == []
    assert "nothing to do" in set_up(site, "--apply").stdout
