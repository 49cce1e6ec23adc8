"""Waiting for an event: the one way in which a test waits."""
import os
import select
import time

PATIENCE = float(os.environ.get("MAILWICKET_PATIENCE", "20"))


def wait_for(condition, what, patience=PATIENCE):
    """What `condition()` gives once it is true; `what` names it when it never is."""
    deadline = time.monotonic() + patience
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s for {what}")
        select.select([], [], [], 0.01)
