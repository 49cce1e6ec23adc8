"""Helper programs of the tests, compiled when a test needs them."""
import atexit
import functools
import mmap
import os
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from rig.built import MAILWICKETD, SOURCE


@functools.cache
def folder():
    """Of this process: made for the first program, removed at the end."""
    made = Path(tempfile.mkdtemp(prefix="mailwicket-programs-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def compiled(source, *options, libraries=()):
    """The program (or library) made from a C file of the tests."""
    result = folder() / Path(source).name.replace(".c", "")
    if not result.exists():
        subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-O2", "-std=gnu11", *options, "-o", str(result),
                        str(SOURCE / source), *libraries], check=True, timeout=120)
    return str(result)


def load():
    return compiled("tests/bench/load.c")


@functools.cache
def sanitized():
    """Whether mailwicketd was built with a sanitizer, whose allocator cannot be replaced."""
    listed = subprocess.run(["ldd", str(MAILWICKETD)], capture_output=True, text=True)
    return "asan" in listed.stdout or Path(MAILWICKETD).exists() and b"__asan_init" in Path(MAILWICKETD).read_bytes()


@functools.cache
def has_systemd():
    """Whether mailwicketd speaks to a service manager."""
    return "libsystemd" in subprocess.run(["ldd", str(MAILWICKETD)], capture_output=True, text=True).stdout


class Preload:
    """preload.c in a process of mailwicketd: `Daemon(..., environment=preload.environment)`."""
    LIBRARY = "tests/system/rig/preload.c"
    FIELDS = re.findall(r"^\tu?int64_t (\w+);", (SOURCE / LIBRARY).read_text(), re.MULTILINE)  # of struct control

    def __init__(self, folder):
        if sanitized():
            pytest.skip("a sanitizer's allocator cannot be replaced")
        path = Path(folder) / "preload"
        path.write_bytes(bytes(8 * len(self.FIELDS)))
        self.file = open(path, "r+b")
        self.memory = mmap.mmap(self.file.fileno(), 8 * len(self.FIELDS))
        self.environment = {"LD_PRELOAD": compiled(self.LIBRARY, "-fPIC", "-shared"),
                            "MAILWICKET_PRELOAD": str(path)}

    def get(self, field):
        return struct.unpack_from("=q", self.memory, 8 * self.FIELDS.index(field))[0]

    def set(self, field, value):
        struct.pack_into("=q", self.memory, 8 * self.FIELDS.index(field), value)


def standing_clock(folder):
    """The environment of a mailwicketd for which no time passes, so that no pause of a busy machine is too long for it. In a
    sanitizer's build it does."""
    if sanitized():
        return {}
    preload = Preload(folder)
    preload.set("clock_stands_at", 1000000)
    return preload.environment
