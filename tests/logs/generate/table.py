"""tests/logs/situations.table, a line a situation:

    NAME | DEBIAN | USER | CAUSE | ALSO TRUE | UNSAID | PENDING | what happened

Read by the generator and by the tests.
"""
from pathlib import Path
from typing import NamedTuple

GENERATE = Path(__file__).resolve().parent
LOGS = GENERATE.parent


class Row(NamedTuple):
    name: str
    releases: list  # of Debian, whose logs are kept
    user: str
    causes: list    # the id that `mailwicket why` has to name; of each release, where they differ
    also: list      # other ids that are true of it
    unsaid: list    # words that must stand nowhere in the answer
    pending: str       # which test may fail today: "cause" or "parts", both or none
    happened: str

    def cause(self, release):
        return self.causes[self.releases.index(release) if len(self.causes) > 1 else 0]

    def logs(self):
        return [LOGS / f"debian{release}" / f"{self.name}.log" for release in self.releases]


def rows():
    made = []
    for line in (LOGS / "situations.table").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, releases, user, cause, also, unsaid, pending, happened = (field.strip() for field in line.split("|"))
        made.append(Row(name, releases.split(), user, [word.strip() for word in cause.split("/")],
                        *[[word.strip() for word in field.split(",") if word.strip()] for field in (also, unsaid)], pending, happened))
    return made


def policy(folder):
    """The files of a policy whose directory has the users of the logs; those of the machines are the same but for paths."""
    conf = (GENERATE / "mailwicket.conf").read_text().replace('source "local"', f'path = "{folder}/published" source "local"')
    return {"mailwicket.conf": conf.replace("/etc/mailwicket/", f"{folder}/"), "directory": (GENERATE / "directory").read_text()}
