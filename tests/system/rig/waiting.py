"""Waiting for an event: the one way in which a test waits."""
import datetime
import os
import select
import time

REALTIME_COARSE = 5  # CLOCK_REALTIME_COARSE of <time.h>: Python has no name for it
PATIENCE = float(os.environ.get("MAILWICKET_PATIENCE", "20"))


def wait_for(condition, what, patience=PATIENCE):
    """What `condition()` gives once it is true; `what` names it when it never is. The last look is after the time is over: who
    was stopped meanwhile has not looked."""
    deadline = time.monotonic() + patience
    while True:
        is_last = time.monotonic() > deadline
        result = condition()
        if result:
            return result
        if is_last:
            raise AssertionError(f"waited {patience} s for {what}")
        select.select([], [], [], 0.01)


def this_second():
    """The second as the programs' time() tells it, which is up to some milliseconds behind Python's clock."""
    return int(time.clock_gettime(REALTIME_COARSE))


def today():
    """The date in UTC, on a day that lasts long enough for a test."""
    def time_left():
        now = datetime.datetime.now(datetime.timezone.utc)
        return (now.hour, now.minute) < (23, 55) and now.date()
    return wait_for(time_left, "the next day of UTC", 600)
