"""Other people's servers, to which messages go."""
import socket
import ssl
import threading

import network

REPLIES = {  # by the recipient's local part
    "nosuch": b"550 5.1.1 <nosuch@example.net>: Recipient address rejected: User unknown in virtual mailbox table\r\n",
    "grey": b"450 4.2.0 <grey@example.net>: Recipient address rejected: Greylisted, see http://postgrey.example.net\r\n",
    "full": b"452 4.2.2 <full@example.net>: Mailbox full\r\n",
    "overquota": b"552 5.2.2 <overquota@example.net>: The email account that you tried to reach is over quota\r\n",
    "blocked": b"554 5.7.1 Service unavailable; Client host [203.0.113.1] blocked using zen.example.net\r\n",
    "spf": b"550 5.7.23 <spf@example.net>: Recipient address rejected: Message rejected due to: SPF fail - not authorized\r\n",
}
AT_TEXT = {
    "spam": b"554 5.7.1 Message rejected as spam by Content Filtering\r\n",
    "dmarc": b"550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy\r\n",
    "large": b"552 5.3.4 Error: message file too big\r\n",
}


class Server:
    """One address of the world's; `how`: "" as is usual, "tls" a STARTTLS that fails, "busy" 421 at once, "relay" wants AUTH."""

    def __init__(self, address, how="", port=25):
        self.how = how
        with network.inside("world"):
            self.socket = socket.create_server((address, port), backlog=50)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            client, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            with client:
                self.talk(client)
        except (OSError, ssl.SSLError):
            pass

    def talk(self, client):
        client.settimeout(120)
        if self.how == "busy":
            client.sendall(b"421 4.3.2 mx.example.net: too busy, try again later\r\n")
            return
        client.sendall(b"220 mx.example.net ESMTP\r\n")
        lines = client.makefile("rb")
        reply = b""
        for line in lines:
            word = line[:4].upper()
            if word == b"EHLO":
                offered = {"tls": b"250-STARTTLS\r\n", "relay": b"250-AUTH PLAIN LOGIN\r\n"}.get(self.how, b"")
                client.sendall(b"250-mx.example.net\r\n" + offered + b"250 SIZE 10240000\r\n")
            elif word == b"STAR":
                client.sendall(b"220 ready\r\n")
                client.sendall(b"this is no TLS\r\n" * 4)
                return
            elif word == b"AUTH":
                client.sendall(b"535 5.7.8 Error: authentication failed\r\n")
            elif word == b"RCPT":
                name = line.split(b"<", 1)[-1].split(b"@", 1)[0].decode()
                reply = AT_TEXT.get(name, b"250 2.0.0 Ok: queued as 4F1\r\n")
                client.sendall(REPLIES.get(name, b"250 2.1.5 Ok\r\n"))
            elif word == b"DATA":
                client.sendall(b"354 go on\r\n")
                while lines.readline().rstrip(b"\r\n") != b".":
                    pass
                client.sendall(reply)
            elif word == b"QUIT":
                client.sendall(b"221 2.0.0 Bye\r\n")
                return
            else:
                client.sendall(b"250 2.0.0 Ok\r\n")


def make():
    Server("198.51.100.25")
    Server("198.51.100.28", "tls")
    Server("198.51.100.30", "busy")
    Server("198.51.100.29", "relay", 587)
