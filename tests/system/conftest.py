"""The tests of one file share its servers: with xdist, run them by --dist loadfile."""
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rig import dovecot  # noqa: E402
import rig  # noqa: E402
from rig.mariadb import MariaDB  # noqa: E402
from rig.postgresql import PostgreSQL  # noqa: E402
from rig.programs import Preload, sanitized  # noqa: E402
from rig.slapd import Slapd  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "only(generation): about what Dovecot 2.3 or 2.4 alone has")


def pytest_collection_modifyitems(config, items):
    """What is about another Dovecot is no test here. A sanitizer's build cannot have its clock replaced: those tests are for
    the plain build."""
    def left_out(item):
        return (any(mark.args[0] != dovecot.version() for mark in item.iter_markers("only")) or
                (sanitized() and bool({"clocked", "preload"} & set(item.fixturenames))))
    out = [item for item in items if left_out(item)]
    items[:] = [item for item in items if not left_out(item)]
    config.hook.pytest_deselected(items=out)


def pytest_report_header(config):
    return f"mailwicket build: {rig.build_folder()}"


@pytest.fixture(scope="session", autouse=True)
def umask():
    """Folders that postfix and dovecot can enter, whatever the caller's umask."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def preload(tmp_path):
    """For a process whose clock and allocations the test rules."""
    return Preload(tmp_path)


@pytest.fixture
def folder():
    """An empty folder other users may enter (tmp_path is for root alone)."""
    made = rig.make_folder("test")
    yield made
    rig.remove_folder(made)


@pytest.fixture(scope="module")
def module_folder():
    """The same, for a whole file."""
    made = rig.make_folder("module")
    yield made
    rig.remove_folder(made)


@pytest.fixture(scope="session")
def postgresql():
    """A private PostgreSQL; each test takes a database of its own."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb():
    """A private MariaDB; each test takes a database of its own."""
    with MariaDB() as server:
        yield server


@pytest.fixture(scope="session")
def slapd():
    """A private slapd; each test takes a tree of its own."""
    with Slapd() as server:
        yield server
