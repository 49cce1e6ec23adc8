"""What the packages rest on: which lines name Mailwicket, and the samples that they bring."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest

import rig
from rig.built import SOURCE
from rig.stock import Stock, needs_stock

SAMPLES = SOURCE / "packaging/examples"
COMMENTED_LINE = re.compile(r"^#((?:[a-z_}]|    ).*)$", re.MULTILINE)  # a sentence begins with "# "


@pytest.fixture
def stock(folder):
    if needs_stock() is not None:
        pytest.skip(needs_stock())
    made = Stock(folder)
    yield made
    made.stop()


def in_use(stock):
    told = stock.daemon.cli("--json", "setup", "--in-use", *stock.servers())
    answer = json.loads(told.stdout)
    assert answer["in_use"] == (told.returncode == 0) == bool(answer["places"])
    return answer["places"]


def test_a_server_without_mailwicket_names_it_nowhere(stock):
    assert in_use(stock) == []
    told = stock.daemon.cli("setup", "--in-use", *stock.servers())
    assert (told.returncode, told.stderr) == (1, "")
    assert told.stdout == "not in use: neither Postfix nor Dovecot names Mailwicket\n"


def test_every_line_that_setup_wrote_is_named_until_it_is_undone(stock):
    assert stock.setup("--apply").returncode == 0
    places = in_use(stock)
    assert any(place["file"].startswith(str(stock.postfix.etc)) for place in places)
    assert any(place["file"].startswith(str(stock.dovecot.folder)) for place in places)
    for place in places:
        line = pathlib.Path(place["file"]).read_text().splitlines()[place["line"] - 1]
        assert place["entry"].split("/")[-1].split()[0] in line
    # A policy with errors does not hide them.
    stock.daemon.policy.write_text("nonsense\n")
    assert in_use(stock) == places


def test_a_comment_or_a_name_like_it_is_no_use(stock):
    main = stock.postfix.etc / "main.cf"
    main.write_text(main.read_text() + "# check_policy_service unix:mailwicket/policy\n"
                    "smtp_helo_name = mail.mailwicket.example\n")
    assert in_use(stock) == []


@pytest.mark.parametrize("listener", ["inet:127.0.0.1:10045", "inet:[::1]:10045"])
def test_a_policy_with_another_listener_is_looked_for_by_it(stock, listener):
    text = stock.daemon.policy.read_text()
    stock.daemon.policy.write_text(re.sub(r"policy_service \{[^}]*\}[^}]*\}", "", text) + f'policy_service {{ listen = {{ "{listener}" }} }}\n')
    assert stock.daemon.cli("show").returncode == 0
    main = stock.postfix.etc / "main.cf"
    main.write_text(main.read_text() + f"smtpd_end_of_data_restrictions =\n  check_policy_service {listener}\n")
    assert [place["entry"] for place in in_use(stock)] == ["smtpd_end_of_data_restrictions"]


def test_it_changes_nothing(stock):
    for option in ("--apply", "--undo"):
        told = stock.daemon.cli("setup", "--in-use", option)
        assert told.returncode == 64
        assert "--in-use changes nothing" in told.stderr


def texts(name):
    """A sample as it is, and with every line in force that is commented out."""
    text = (SAMPLES / name).read_text()
    assert COMMENTED_LINE.search(text)
    return [text, COMMENTED_LINE.sub(r"\1", text)]


def cli(policy, *arguments):
    return subprocess.run([rig.CLI, "-c", policy, *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("text", texts("mailwicket.conf"), ids=["as it is", "with every line in force"])
def test_the_sample_policy_has_no_error(folder, text):
    policy = folder / "mailwicket.conf"
    policy.write_text(text)
    told = cli(policy, "show")
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("text", texts("directory"), ids=["as it is", "with every line in force"])
def test_the_sample_directory_is_published(folder, text):
    policy, source = folder / "mailwicket.conf", folder / "source"
    source.write_text(text)
    policy.write_text(f'default_domain = "example.org"\ndirectory {{ path = "{folder}/published"\n'
                      f'  source "local" {{ driver = text  path = "{source}" }} }}\n')
    told = cli(policy, "sync")
    assert told.returncode == 0, told.stderr


def test_make_uninstall_stops_while_a_server_names_it(folder):
    """In mounts of the test's own, /etc/postfix is a folder that names Mailwicket, and then one that does not."""
    place, etc = folder / "installed", folder / "postfix"
    etc.mkdir()
    (etc / "master.cf").write_text("")
    folders = [f"prefix={place}", f"sysconfdir={place}/etc", f"mw_login_moduledir={place}/login", f"mw_auth_moduledir={place}/auth"]

    def make(target, main_cf):
        (etc / "main.cf").write_text("compatibility_level = 3.6\n" + main_cf)
        return subprocess.run(["unshare", "--mount", "sh", "-ec", 'mount --bind "$1" /etc/postfix; shift; exec "$@"', "sh", etc,
                               "make", "-C", rig.CLI.parent.parent, target, *folders],
                              capture_output=True, text=True, timeout=300)

    def files():
        return sorted(path for path in place.rglob("*") if path.is_file())
    told = make("install", "")
    assert told.returncode == 0, told.stderr
    (place / "etc/mailwicket").mkdir(parents=True)
    (place / "etc/mailwicket/mailwicket.conf").write_text("")
    installed = files()
    assert place / "bin/mailwicket" in installed

    told = make("uninstall", "smtpd_end_of_data_restrictions = check_policy_service unix:mailwicket/policy\n")
    assert told.returncode != 0
    assert "mailwicket setup --undo" in told.stderr
    assert "smtpd_end_of_data_restrictions names Mailwicket" in told.stdout
    assert files() == installed

    told = make("uninstall", "")
    assert told.returncode == 0, told.stderr
    assert files() == [place / "etc/mailwicket/mailwicket.conf"]


COPIED = {"packaging/copy-tree", "kept", "changed", "new", "link", "space and\nline"}


def tree_to_copy(folder):
    tree = folder / "outer/mailwicket"
    (tree / "packaging").mkdir(parents=True)
    shutil.copy(SOURCE / "packaging/copy-tree", tree / "packaging")
    for name in ("kept", "changed", "deleted", "space and\nline"):
        (tree / name).write_text("first\n")
    (tree / "link").symlink_to("nowhere")
    return tree


def git(tree, *arguments):
    subprocess.run(["git", "-C", tree, "-c", "user.name=Test", "-c", "user.email=test@example.test", *arguments],
                   check=True, capture_output=True, timeout=60)


def copy(tree, folder):
    """The files that copy-tree copies, with their text."""
    told = subprocess.run([tree / "packaging/copy-tree", folder / "copy"], capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stderr) == (0, "")
    return {str(path.relative_to(folder / "copy")): path.read_text() if path.exists() else None
            for path in (folder / "copy").rglob("*") if not path.is_dir()}


@pytest.mark.skipif(rig.tool("git") is None, reason="git is not installed")
def test_the_tree_is_copied_as_it_is_without_what_git_ignores(folder):
    tree = tree_to_copy(folder)
    (tree / ".gitignore").write_text("/made\n")
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message=first")
    (tree / "changed").write_text("second\n")
    (tree / "new").write_text("")
    (tree / "made").write_text("")
    (tree / "deleted").unlink()
    copied = copy(tree, folder)
    assert set(copied) == COPIED | {".gitignore"}
    assert (copied["kept"], copied["changed"]) == ("first\n", "second\n")


@pytest.mark.skipif(rig.tool("git") is None, reason="git is not installed")
def test_an_archive_inside_another_repository_is_copied_whole(folder):
    """Of which that repository knows nothing."""
    tree = tree_to_copy(folder)
    (tree / "new").write_text("")
    git(tree.parent, "init", "--quiet")
    (tree.parent / ".gitignore").write_text("/mailwicket\n")
    (tree / "packages").mkdir()
    (tree / "packages/earlier.deb").write_text("")
    assert set(copy(tree, folder)) == COPIED | {"deleted"}
