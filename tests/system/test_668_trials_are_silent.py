"""What setup tries on copies of the configuration leaves nothing in the log, where it would be taken for the servers' own."""
import json
import re
import subprocess
import sys

import pytest

import rig
from rig.stock import Stock, needs_stock

pytestmark = [
    pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock())),
    # A private /dev needs a mount that can be made private: not in every container.
    pytest.mark.skipif(subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,
                       reason="no mounts of one's own here"),
]

# Runs a command beside a socket /dev/log of its own; prints what it wrote there.
LISTENER = """\
import json, os, socket, subprocess, sys
folder, *command = sys.argv[1:]
os.makedirs(folder)
subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
for name in ("null", "zero", "urandom", "random", "tty"):
    subprocess.run(["cp", "-a", f"/dev/{name}", folder], check=True)
subprocess.run(["mount", "--bind", folder, "/dev"], check=True)
if os.path.lexists("/dev/log"):
    os.unlink("/dev/log")
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
os.chmod("/dev/log", 0o666)
log.setblocking(False)
done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
lines = []
while True:
    try:
        lines.append(log.recv(9000).decode())
    except BlockingIOError:
        break
print(json.dumps({"code": done.returncode, "out": done.stdout + done.stderr, "lines": lines}))
"""


@pytest.fixture(scope="module")
def stock(module_folder):
    made = Stock(module_folder)
    yield made
    made.stop()


def heard(stock, name, *command):
    """What a command wrote to the system's log, and its output."""
    script = stock.folder / "listener.py"
    script.write_text(LISTENER)
    told = subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, script,
                           stock.folder / f"dev-{name}", *command], capture_output=True, text=True, timeout=300, check=False,
                          env={"PATH": rig.PATH, "LC_ALL": "C"})
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@pytest.mark.parametrize("log", ["the system's", "a file of Postfix's own"])
def test_what_setup_tries_is_in_no_log(stock, log):
    """`postfix check` says there what it finds: here that two folders of the queue are somebody else's."""
    main = stock.postfix.etc / "main.cf"
    before = main.read_text()
    if log == "the system's":
        main.write_text(stock.postfix.without_replaced(before, "maillog_file =\n"))
    (stock.postfix.queue / "pid").mkdir(exist_ok=True)
    (stock.postfix.queue / "pid" / "strange").write_text("")
    (stock.postfix.queue / "pid" / "strange").chmod(0o666)
    subprocess.run(["chown", "nobody", stock.postfix.queue / "pid", stock.postfix.queue / "pid" / "strange"], check=True)
    text = stock.postfix.log.read_text() if stock.postfix.log.exists() else ""
    direct = heard(stock, f"direct-{log[2]}", rig.tool("postfix"), "-c", str(stock.postfix.etc), "check")
    written = direct["out"] + "".join(direct["lines"]) + (stock.postfix.log.read_text() if stock.postfix.log.exists() else "")[len(text):]
    assert "warning" in written, direct

    text = stock.postfix.log.read_text() if stock.postfix.log.exists() else ""
    told = heard(stock, f"setup-{log[2]}", rig.CLI, "-c", str(stock.daemon.policy), "setup", "--apply", "--backup",
                 str(stock.backup), *[str(word) for word in stock.servers()])
    assert told["code"] == 0 and "changed " in told["out"], told["out"]
    assert told["lines"] == []
    assert (stock.postfix.log.read_text() if stock.postfix.log.exists() else "") == text
    assert stock.undo().returncode == 0
    main.write_text(before)


def test_a_main_cf_that_setup_does_not_change_stays_as_it_is(stock):
    """In the copy it is a link."""
    assert stock.setup("--apply").returncode == 0
    main, master = stock.postfix.etc / "main.cf", stock.postfix.etc / "master.cf"
    before = main.read_bytes()
    text, count = re.subn(r"(?m)^.*smtpd_end_of_data_restrictions.*\n", "", master.read_text())
    assert count > 0
    master.write_text(text)
    told = stock.setup("--apply")
    assert told.returncode == 0 and f"changed {master}" in told.stdout, told.stdout + told.stderr
    assert main.read_bytes() == before
