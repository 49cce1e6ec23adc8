"""What the system tests share. Here is what nearly every test needs; the rest is
imported by its subject: `from rig.daemon import Daemon`."""
from rig.built import SOURCE, build_folder, CLI, MAILWICKETD, MODULES
from rig.folders import make_folder, remove_folder
from rig.ports import free_port
from rig.postfix import Postfix, needs_postfix
from rig.processes import PATH, tool, kill_and_wait, is_running
from rig.smtp import Smtp
from rig.text import changed
from rig.tls import Certificate, client_context
from rig.waiting import PATIENCE, this_second, today, wait_for

__all__ = ["CLI", "Certificate", "MAILWICKETD", "MODULES", "PATH", "PATIENCE", "Postfix",
           "SOURCE", "Smtp", "build_folder", "changed", "client_context", "free_port", "is_running", "kill_and_wait",
           "make_folder", "needs_postfix", "remove_folder", "this_second", "today", "tool", "wait_for"]
