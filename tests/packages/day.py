"""What the users of the small company do in a day, and what must not work there either: every action by a real client,
with what came of it. A day before Mailwicket and one after any of its steps must be the same."""
import imaplib
import poplib
import secrets
import smtplib
import socket
import ssl

PRINTER = "10.1.2.3"
ELSEWHERE = "192.0.2.9"  # this machine, as others reach it
STRANGER = "192.0.2.77"
OUTSIDE = "somebody@elsewhere.example"


def context():
    return ssl._create_unverified_context()


def outcome(work):
    """"works", or the server's refusal."""
    try:
        work()
    except smtplib.SMTPRecipientsRefused as error:
        return "refused: " + next(iter(error.recipients.values()))[1].decode()
    except smtplib.SMTPResponseException as error:
        return f"refused: {error.smtp_code} {error.smtp_error.decode(errors='replace')}"
    except (imaplib.IMAP4.error, poplib.error_proto) as error:
        return f"refused: {error}"
    return "works"


class Day:
    """The actions of one company; `of()` plays a day and says what came of each."""

    def __init__(self, company):
        self.company = company

    # --- reading

    def imap(self, user="alice", password=None):
        with imaplib.IMAP4_SSL("127.0.0.1", 993, ssl_context=context(), timeout=60) as client:
            client.login(user, password or self.company.password(user))
            client.select("INBOX", readonly=True)

    def imap_starttls(self):
        with imaplib.IMAP4("127.0.0.1", 143, timeout=60) as client:
            client.starttls(context())
            client.login("bob", self.company.password("bob"))

    def imap_from_elsewhere(self):
        client = imaplib.IMAP4_SSL(ELSEWHERE, 993, ssl_context=context(), timeout=60)
        client.login("alice", self.company.password("alice"))
        client.logout()

    def imap_in_clear(self):
        # From an address that Dovecot does not take for its own host's.
        with socket.create_connection((ELSEWHERE, 143), timeout=60, source_address=(PRINTER, 0)) as wire:
            lines = wire.makefile("rwb")
            lines.readline()
            lines.write(f"1 LOGIN alice {self.company.password('alice')}\r\n".encode())
            lines.flush()
            for line in lines:
                if line.startswith(b"1 "):
                    if not line.startswith(b"1 OK"):
                        raise imaplib.IMAP4.error("the password is not taken without TLS")
                    return

    def pop3(self):
        client = poplib.POP3_SSL("127.0.0.1", 995, context=context(), timeout=60)
        client.user("bob")
        client.pass_(self.company.password("bob"))
        client.quit()

    def pop3_stls(self):
        client = poplib.POP3("127.0.0.1", 110, timeout=60)
        client.stls(context())
        client.user("alice")
        client.pass_(self.company.password("alice"))
        client.quit()

    # --- sending

    def submit(self, sender="alice@example.org", recipients=("bob@example.org",), user="alice", password=None, size=0):
        with smtplib.SMTP("127.0.0.1", 587, timeout=60) as client:
            client.starttls(context=context())
            client.login(user, password or self.company.password(user))
            self._message(client, sender, recipients, size)

    def submit_without_login(self):
        with smtplib.SMTP(ELSEWHERE, 587, timeout=60, source_address=(STRANGER, 0)) as client:
            client.starttls(context=context())
            self._message(client, "alice@example.org", (OUTSIDE,))

    def from_outside(self, sender="stranger@example.net", recipient="bob@example.org", source=STRANGER):
        with smtplib.SMTP(ELSEWHERE, 25, timeout=60, source_address=(source, 0)) as client:
            self._message(client, sender, (recipient,))

    @staticmethod
    def _message(client, sender, recipients, size=0):
        text = f"Subject: {secrets.token_hex(8)}\r\nFrom: {sender or 'MAILER-DAEMON'}\r\n\r\n" + "x" * 70 + "\r\n"
        refused = client.sendmail(sender, list(recipients), text + ("x" * 70 + "\r\n") * (size // 72))
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)

    def sendmail(self, user):
        """What cron and scripts of the host send."""
        text = f"To: bob@example.org\nSubject: {secrets.token_hex(8)}\n\nhello\n"
        done = self.company.run("runuser", "-u", user, "--", "sendmail", "-t", "-oi", text=text, check=False)
        if done.returncode != 0:
            raise smtplib.SMTPResponseException(done.returncode, done.stdout.encode())

    ACTIONS = {
        "alice reads by IMAP over TLS": lambda day: day.imap(),
        "bob reads by IMAP with STARTTLS": lambda day: day.imap_starttls(),
        "alice reads from elsewhere": lambda day: day.imap_from_elsewhere(),
        "bob reads by POP3 over TLS": lambda day: day.pop3(),
        "alice reads by POP3 with STLS": lambda day: day.pop3_stls(),
        "alice writes to bob": lambda day: day.submit(),
        "alice writes to somebody elsewhere": lambda day: day.submit(recipients=(OUTSIDE,)),
        "bob answers": lambda day: day.submit(sender="bob@example.org", recipients=("alice@example.org",), user="bob"),
        "alice writes to two": lambda day: day.submit(recipients=("bob@example.org", OUTSIDE)),
        "alice writes as her sub-address": lambda day: day.submit(sender="alice+shop@example.org"),
        "alice writes as the address of the alias that is hers": lambda day: day.submit(sender="postmaster@example.org"),
        "alice sends a file": lambda day: day.submit(size=2000000),
        "a stranger writes to bob": lambda day: day.from_outside(),
        "a stranger writes to bob's sub-address": lambda day: day.from_outside(recipient="bob+list@example.org"),
        "a stranger writes to the postmaster": lambda day: day.from_outside(recipient="postmaster@example.org"),
        "a bounce comes to alice": lambda day: day.from_outside(sender="", recipient="alice@example.org"),
        "the printer sends a scan to somebody elsewhere": lambda day: day.from_outside(
            sender="printer@example.org", recipient=OUTSIDE, source=PRINTER),
        "a web application of this host writes to somebody": lambda day: day.from_outside(
            sender="shop@example.org", recipient=OUTSIDE, source="127.0.0.1"),
        "cron writes to bob": lambda day: day.sendmail("root"),
        "a script of bob's writes to bob": lambda day: day.sendmail("bob"),
        # What was refused before must be refused after, whatever the audit lets pass.
        "a stranger relays": lambda day: day.from_outside(recipient=OUTSIDE),
        "alice with a wrong password": lambda day: day.submit(password="wrong"),
        "alice reads in clear from elsewhere": lambda day: day.imap_in_clear(),
        "somebody submits without a login": lambda day: day.submit_without_login(),
    }
    REFUSED = {"a stranger relays", "alice with a wrong password", "alice reads in clear from elsewhere",
               "somebody submits without a login"}

    def play(self):
        """What came of each action: "works" or "refused"."""
        def all_of_it():
            return {name: outcome(lambda action=action: action(self)) for name, action in self.ACTIONS.items()}
        return self.company.within(all_of_it)

    def differences(self):
        """What is not as on the day before Mailwicket, with the server's words."""
        return {name: told for name, told in self.play().items()
                if told.startswith("refused") != (name in self.REFUSED)}
