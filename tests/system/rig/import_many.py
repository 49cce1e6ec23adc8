"""Many settings of one Postfix whose sender rules are imported, each with a listener of its own: what a real smtpd says of the
pairs that `import postfix` compared.

    with ImportMany(folder, tables, users, {"hash": {"smtpd_sender_login_maps": "hash:@ETC@/senders"}}) as many:
        told = many.told("hash")       # what import says, once its pairs were held against smtpd
        many.directory("hash")         # the lines that it wrote
"""
import json
import shutil
import subprocess
import threading

from rig.built import CLI
from rig.import_world import ImportWorld
from rig.listener import Listener
from rig.ports import free_port
from rig.postfix import Postfix

# Where Mailwicket alone permits: the policy's names of this host and extensions, a name that is nobody's address, and what
# another listener permits.
HARMLESS = {"own-name", "other-name", "extension", "own-at-some"}


class ImportMany:
    def __init__(self, folder, tables, users, cases, main=""):
        self.folder = folder
        self.world = ImportWorld(folder, main, tables, users)
        self.etc = self.world.postfix.etc
        self.cases = {name: {setting: str(value).replace("@ETC@", str(self.etc)) for setting, value in settings.items()}
                      for name, settings in cases.items()}
        self.ports = {name: free_port() for name in cases}
        shutil.copy("/etc/postfix/dynamicmaps.cf", self.etc)
        self.main, self.master = ((self.etc / name).read_text() for name in ("main.cf", "master.cf"))

    def __enter__(self):
        entries = "".join(f"{self.ports[name]} inet n - n - - smtpd\n" + "".join(
            f"  -o {{ {setting} = {value} }}\n" for setting, value in settings.items()) for name, settings in self.cases.items())
        (self.etc / "master.cf").write_text(self.master + entries)
        self.world.postfix.ports = [*self.world.postfix.ports, *self.ports.values()]
        try:
            self.world.start()
        except BaseException:
            self.world.close()
            raise
        return self

    def __exit__(self, *_):
        self.world.close()

    def run(self, name, command=("import", "postfix"), words=()):
        """The command with the configuration of one case."""
        place = self.folder / f"{'-'.join(command)}-{name}"
        if not place.exists():
            place.mkdir()
            lines = "".join(f"{setting} = {value}\n" for setting, value in self.cases[name].items())
            (place / "main.cf").write_text(Postfix.without_replaced(self.main, lines) + lines)
            (place / "master.cf").write_text(self.master)
            shutil.copy("/etc/postfix/dynamicmaps.cf", place)
        return subprocess.run([CLI, "-c", place / "mailwicket.conf", "--json", *command, "--postfix-config", place, "--dovecot-config",
                               self.world.dovecot.config, "--apply", *words], capture_output=True, text=True, timeout=300)

    def told(self, name):
        done = self.run(name, words=["--pairs"])
        assert done.returncode == 0, (name, done.stderr, done.stdout)
        told = json.loads(done.stdout)
        pairs = told["proof"]["compared"]
        assert told["proof"]["not_compared"] == "" and pairs, name
        assert not self.wrong(name, pairs), name
        forged = [row for row in told["proof"]["differences"] if row["mailwicket"] and row["reason"] not in HARMLESS]
        assert not forged, (name, forged[:10])
        return told

    def wrong(self, name, pairs):
        """The pairs of which smtpd says something else, the first ten."""
        self.world.port = self.ports[name]
        return [pair for pair, answer in zip(pairs, self.world.smtpd(pairs)) if pair["postfix"] != answer][:10]

    def directory(self, name, command=("import", "postfix")):
        text = (self.folder / f"{'-'.join(command)}-{name}" / "directory").read_text()
        return [line for line in text.splitlines() if line and not line.startswith("#")]


class TableServer(Listener):
    """Answers each request by answer(rows, request, reply); several clients at a time, as smtpd keeps its connections."""

    def __init__(self, rows, answer):
        self.rows, self.answer = rows, answer
        super().__init__()

    def taken(self, connection):
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as request, connection.makefile("wb", buffering=0) as reply:
            while self.answer(self.rows, request, reply):
                pass


def answer_tcp(rows, request, reply):
    """tcp_table(5)"""
    line = request.readline().decode().strip()
    if not line.startswith("get "):
        return False
    value = rows.get(line[4:].replace("%20", " ").replace("%22", '"'))
    reply.write(b"500 no\n" if value is None else f"200 {value.replace(' ', '%20')}\n".encode())
    return True


def answer_socketmap(rows, request, reply):
    """socketmap_table(5)"""
    length = request.read(1)
    while length and not length.endswith(b":"):
        length += request.read(1)
    if not length:
        return False
    _, _, key = request.read(int(length[:-1]) + 1)[:-1].decode().partition(" ")
    value = "OK " + rows[key] if key in rows else "NOTFOUND "
    reply.write(f"{len(value)}:{value},".encode())
    return True
