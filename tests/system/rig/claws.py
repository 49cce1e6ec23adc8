"""Claws Mail on a screen of its own, as its user sits before it: what it is told to compose is composed and sent.

    with Claws(folder, port=587) as claws:
        claws.send("To: mary@example.test\nSubject: hello\n\ntext\n")
"""
import os
import subprocess
import time

from rig.processes import kill_and_wait, tool
from rig.waiting import PATIENCE, wait_for

ACCOUNT = """\
[Account: 1]
account_name=bob
is_default=1
name=Bob
address=bob@example.test
protocol=4
auto_signature=0
smtp_server=127.0.0.1
"""
BY_COMMAND = "use_mail_command=1\nmail_command={command}\n"
BY_SMTP = """\
set_smtpport=1
smtp_port={port}
ssl_smtp=2
use_smtp_auth=1
smtp_auth_method=16
smtp_user_id=bob
set_domain=1
domain=client.example.net
"""
# No question is asked but that for the password.
COMMON = """\
[Common]
enable_aspell=0
unsafe_ssl_certs=1
skip_ssl_cert_check=1
warn_large_insert=0
"""
FOLDERS = """\
<?xml version="1.0" encoding="UTF-8"?>
<folderlist>
    <folder type="mh" name="Mail" path="{path}" collapsed="0">
        <folderitem name="Mail" path="" type="normal" />
    </folder>
</folderlist>
"""


class Claws:
    """Sends to `port` of 127.0.0.1 as bob, or gives what it composed to the program `command`."""

    def __init__(self, folder, *, port=None, command=None, password=None, environment=None):
        self.folder, self.password, self.processes = folder / "claws", password, []
        self.environment = {**os.environ, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "NO_AT_BRIDGE": "1", **(environment or {})}
        (self.folder / "Mail").mkdir(parents=True)
        own = BY_SMTP.format(port=port) if port is not None else BY_COMMAND.format(command=command)
        for name, text in (("accountrc", ACCOUNT + own), ("clawsrc", COMMON),
                           ("folderlist.xml", FOLDERS.format(path=self.folder / "Mail"))):
            (self.folder / name).write_text(text)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        for process in reversed(self.processes):
            kill_and_wait(process)

    def start(self):
        read, write = os.pipe()
        screen = [tool("Xvfb"), "-displayfd", str(write), "-noreset", "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
        self.processes.append(subprocess.Popen(screen, pass_fds=[write], stderr=subprocess.DEVNULL))
        os.close(write)
        with os.fdopen(read) as lines:
            self.environment["DISPLAY"] = ":" + lines.readline().strip()
        self.processes.append(self.claws())
        self.window("Claws Mail")
        return self

    def claws(self, *words):
        """The first one stays; later ones tell it what to do."""
        with open(self.folder / "output", "ab") as output:
            return subprocess.Popen([tool("claws-mail"), "--alternate-config-dir", str(self.folder), *map(str, words)],
                                    env=self.environment, stdout=output, stderr=output)

    def xdotool(self, *words):
        return subprocess.run([tool("xdotool"), *words], env=self.environment, capture_output=True, text=True, timeout=6 * PATIENCE).stdout.split()

    def windows(self, name):
        return self.xdotool("search", "--onlyvisible", "--name", name)

    def window(self, name):
        return wait_for(lambda: self.windows(name), f"a window of Claws Mail: {name}", 6 * PATIENCE)[0]

    def press(self, window, *keys):
        self.xdotool("windowfocus", "--sync", window, "key", "--window", window, *keys)

    def press_until(self, window, key, done):
        """Once more each few seconds: a window that is there may not take keys yet."""
        def pressed():
            self.press(window, key)
            ends = time.monotonic() + 3
            return wait_for(lambda: done() or time.monotonic() > ends, "nothing") and done()
        wait_for(pressed, f"{key} to be taken", 6 * PATIENCE)

    def sent(self):
        """How many messages it has in its folder Sent."""
        return len([path for path in (self.folder / "Mail" / "sent").glob("*") if path.name.isdigit()])

    def send(self, text):
        """Composes a message from this text, header and body, and sends it; returns once it lies in the folder Sent."""
        path = self.folder / "text"
        path.write_text(text)
        before = self.sent()
        self.claws("--compose-from-file", path).wait(6 * PATIENCE)
        window = self.window("Compose message")
        self.press_until(window, "ctrl+Return", lambda: self.sent() > before or self.windows("password"))
        for asked in self.windows("password"):
            self.xdotool("windowfocus", "--sync", asked, "type", "--window", asked, self.password)
            self.press(asked, "Return")
        wait_for(lambda: self.sent() > before, "Claws Mail to have sent it", 6 * PATIENCE)
        wait_for(lambda: not self.windows("Compose message"), "its window to close", 6 * PATIENCE)

    def last_sent(self):
        """The octets of the last one, without what Claws Mail keeps before it."""
        path = max((self.folder / "Mail" / "sent").glob("[0-9]*"), key=lambda one: int(one.name))
        kept, end, message = path.read_bytes().partition(b"X-Claws-End-Special-Headers: 1\n")
        return message if end else kept
