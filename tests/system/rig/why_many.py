"""`mailwicket why` for thousands of logs, by tests/logs/many.c.

    answers = ask(policy, "bob", [b"...", b"..."])          # JSON of each; None where no line tells anything of the user
"""
import functools
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from rig.built import made


@functools.lru_cache(maxsize=None)
def many():
    return made("tests/logs/many")


def ask_some(policy, user, texts):
    questions = b"".join(b"%s %d\n%s" % (user.encode(), len(text), text) for text in texts)
    done = subprocess.run([many(), policy], input=questions, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = re.findall(r"(.*?)^exit (\d+)$", done.stdout.decode(), re.S | re.M)
    assert len(answers) == len(texts) and {code for _, code in answers} <= {"0", "1", "67"}, done.stderr[-2000:]
    return [json.loads(text) if code == "0" else None for text, code in answers]


def ask(policy, user, texts):
    """What `why` says of each of the logs: JSON, or None where no line tells anything of the user."""
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda half: ask_some(policy, user, half), (texts[:len(texts) // 2], texts[len(texts) // 2:]))
        return [told for half in halves for told in half]
