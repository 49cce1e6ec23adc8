"""PgBouncer before a private PostgreSQL, in the way that breaks most: a server's connection for each transaction.

    with PgBouncer(postgresql, "reader", folder) as pooler:   # `.port` on 127.0.0.1; every client is that account
"""
import os
import pwd
import subprocess

from rig.database import PASSWORD, START
from rig.ports import free_port, listens
from rig.processes import kill_and_wait, tool
from rig.waiting import wait_for


class PgBouncer:
    def __init__(self, server, account, folder):
        self.port = free_port()
        self.folder = folder
        self.file = folder / "pgbouncer.ini"
        self.file.write_text(f"[databases]\n* = host=127.0.0.1 port={server.port} user={account} password='{PASSWORD}'\n"
                             f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
                             "auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n")
        self.process = None

    def __enter__(self):
        # It does not run as root.
        user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
        with open(self.folder / "pgbouncer.log", "ab") as log:
            self.process = subprocess.Popen([tool("pgbouncer"), self.file], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            user=user, group=user and pwd.getpwuid(user).pw_gid, extra_groups=user and [])
        wait_for(self.listens, "PgBouncer to listen", START)
        return self

    def listens(self):
        assert self.process.poll() is None, (self.folder / "pgbouncer.log").read_text()
        return listens(self.port)

    def __exit__(self, *_):
        kill_and_wait(self.process)
