"""Sources of the directory: each is read by its driver, and what is wrong in any of them is told at once."""
import pytest

from rig.daemon import Daemon
from rig.submission_world import POLICY


@pytest.fixture
def files(folder):
    return Daemon(POLICY, "user first@example.test\n", folder, start=False)


def sources(files, **drivers):
    """A policy with these sources: each a driver, and a file of its name."""
    rows = "".join(f'  source "{name}" {{ driver = {driver} path = "{files.folder / name}" }}\n'
                   for name, driver in drivers.items())
    files.write_policy(POLICY + f'directory {{ path = "{files.published}"\n{rows}}}\n')


def test_several_sources_are_one_directory(files):
    sources(files, one="text", two="Text", three="text")
    files.write(files.folder / "one", "user bob@example.test\r\n")
    files.write(files.folder / "two", "\ufeffgroup sales@example.test member=bob@example.test\n")
    files.write(files.folder / "three", "grant send-as sales@example.test bob@example.test")
    synced = files.cli("sync")
    assert synced.returncode == 0, synced.stderr
    told = files.cli("explain", "smtp", "--login", "bob@example.test", "--sender", "sales@example.test", "--recipient",
                     "bob@example.test", "--port", "587", "--client", "127.0.0.1", "--tls", "TLSv1.3")
    assert told.returncode == 0, told.stdout


def test_what_is_wrong_in_each_is_told_with_file_line_and_column(files):
    sources(files, one="text", two="text", three="text")
    one, two, three = (files.folder / name for name in ("one", "two", "three"))
    files.write(one, "user bob@example.test\n\nuser mary@example.test imap=maybe\nusr x\n")
    files.write(two, "# twice\nuser bob@example.test\ngroup g@example.test member=nobody@example.test,a*b\n")
    before = (files.published / "snapshot.mdb").read_bytes()
    synced = files.cli("sync")
    assert synced.returncode == 65
    for place in (f"{one}:3:29: error: imap: bad value", f"{one}:4:1: error: unknown record", f'{two}:3:49: error: "a*b"',
                  f"{three}: error: No such file"):
        assert place in synced.stderr, (place, synced.stderr)
    files.write(one, "user bob@example.test\n")
    files.write(two, "# twice\nuser bob@example.test\ngroup g@example.test member=nobody@example.test\n")
    files.write(three, "\nuser carl@example.test login=bob@example.test\n")
    synced = files.cli("sync")
    assert synced.returncode == 65
    for place in (f"{two}:2: error: ", f"{two}:3: error: ", f"{three}:2: error: "):
        assert place in synced.stderr, (place, synced.stderr)
    assert (files.published / "snapshot.mdb").read_bytes() == before


def test_a_driver_that_is_not_there_is_an_error_of_the_policy(files):
    sources(files, one="tex")
    for command in ("check", "sync"):
        result = files.cli(command)
        assert result.returncode in (65, 78) and "(expected text, " in result.stderr, result.stderr
