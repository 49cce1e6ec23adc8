"""Lines of mail logs as other people's servers write them, and what `mailwicket why` says of them. Nothing is started.

    policy = field_log.policy(folder)                               # bob (robert@...) and alice@example.org
    told = of_lines(policy, folder, [LOGIN, smtpd("connect from unknown[192.0.2.7]")])
"""
import json
import os
import subprocess

from rig.built import CLI

LOGIN = "Nov 29 2025 05:00:00 mail dovecot: imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS"


def smtpd(said, second=0, program="postfix/submission/smtpd[7]"):
    return f"Nov 29 2025 05:01:{second:02} mail {program}: {said}"


BEGUN = [LOGIN, smtpd("connect from unknown[192.0.2.7]"),
         smtpd("0A1: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=bob", 1)]
ACTIVE = smtpd("0A1: from=<bob@example.org>, size=1, nrcpt=1 (queue active)", 2, "postfix/qmgr[3]")


def end(summary):
    return smtpd(f"disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 {summary} commands=8", 9)


def sent(status, words, second=5, queue="0A1", relay="mx[198.51.100.1]:25", to="ann@example.net"):
    return smtpd(f"{queue}: to=<{to}>, relay={relay}, delay=1, delays=0/0/0/0, dsn=2.0.0, status={status} ({words})", second,
                 "postfix/smtp[9]")


def policy(folder):
    users = folder / "users"
    users.write_text("user bob@example.org login=bob address=robert@example.org\nuser alice@example.org pop3=no\n")
    policy = folder / "mailwicket.conf"
    policy.write_text(f"""accepted_domain "example.org" {{ }}
default_domain = "example.org"
directory {{
  path = "{folder}/directory"
  source "users" {{ driver = text path = "{users}" }}
}}
""")
    synced = subprocess.run([CLI, "-c", policy, "sync"], capture_output=True, text=True, timeout=60)
    assert synced.returncode == 0, synced.stderr
    return policy


def run(policy, user, *logs, options=(), since="3650d", **more):
    words = [CLI, "-c", policy, *options, "why", user, "--since", since]
    for log in logs:
        words += ["--log", log]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, env={**os.environ, "TZ": "UTC"}, **more)


def why(policy, user, *logs):
    done = run(policy, user, *logs, options=["--json"])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def of_lines(policy, folder, lines, user="bob"):
    log = folder / "lines.log"
    log.write_text("".join(line + "\n" for line in lines))
    return why(policy, user, log)
