"""The machine's /dev/log, written as Debian's rsyslog writes /var/log/mail.log."""
import datetime
import os
import re
import socket
import threading

HEAD = re.compile(rb"<(\d+)>(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?", re.S)


class Syslog:
    def __init__(self, host):
        self.host, self.lines, self.lock = host, [], threading.Lock()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            self.take(self.socket.recv(65536))

    def take(self, datagram):
        head = HEAD.match(datagram)
        if head is None or int(head[1]) >> 3 != 2:  # the facility mail
            return
        text = datagram[head.end():].rstrip(b"\n\0").decode("utf-8", "backslashreplace")
        text = re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", lambda found: f"#{ord(found[0]):03o}", text)
        self.add(text)

    def add(self, text):
        stamp = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds")
        with self.lock:
            self.lines.append(f"{stamp} {self.host} {text}")

    def text(self):
        with self.lock:
            return "".join(line + "\n" for line in self.lines)

    def count(self, pattern):
        return len(re.findall(pattern, self.text(), re.M))
