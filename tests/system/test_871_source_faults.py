"""Each fault of a source once, at a moment that is drawn, while others read: every answer is wholly of one version, who was there
stays, what was taken away is gone, and the next good run needs no hand. tests/bench/source-faults is the long form."""
import pytest

from rig.source_faults import FaultySite, FileFaults, Program, ServerFaults
from rig.sources import MysqlSource, PgsqlSource, SqliteSource

SEED = 20


def made(kind, request, folder):
    if kind == "exec":
        return Program(folder)
    if kind == "sqlite":
        return FileFaults(SqliteSource(folder))
    server = request.getfixturevalue("postgresql" if kind == "pgsql" else "mariadb")
    return ServerFaults((PgsqlSource if kind == "pgsql" else MysqlSource)(server, folder), folder)


@pytest.mark.parametrize("kind", ["exec", "sqlite", "pgsql", "mysql"])
def test_no_fault_shows_half_of_a_directory(request, folder, kind):
    with FaultySite(folder, made(kind, request, folder), SEED) as site:
        for fault in (*site.FAULTS, *site.source.faults):
            # A server that stands still takes all its time, 10 s; test_320 shows it.
            if fault != "stopped" or kind == "exec":
                site.round(fault)
        assert site.asked > 0
