"""What a unit of systemd lets a service do, put upon a process without systemd: user and groups, capabilities, umask,
open files, system calls and address families. What wants mounts of its own (ProtectSystem= and its like) is left out.

    Daemon(..., prefix=service_unit.prefix(unit, own=1234))

`own` stands for the unit's user and the group of that name, which need not be there. As a program it becomes the
command that follows: service_unit.py UNIT OWN COMMAND ...
"""
import ctypes
import errno
import grp
import os
import resource
import subprocess
import sys
from pathlib import Path

ALLOW, FAIL = 0x7fff0000, 0x00050000  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(n)
EQUAL = 4                             # SCMP_CMP_EQ
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]


def settings(unit):
    """The values of each setting of a unit file, in their order."""
    found = {}
    for line in Path(unit).read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def prefix(unit, own):
    return [sys.executable, __file__, str(unit), str(own)]


def expanded(name):
    """The system calls of a name of SystemCallFilter=."""
    if not name.startswith("@"):
        return {name}
    told = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], capture_output=True, text=True,
                          check=True).stdout
    names = [line.strip() for line in told.splitlines()[1:]]
    return set().union(*(expanded(each) for each in names if each and not each.startswith("#")))


def system_calls(lines):
    """What is left of an allow list, as systemd.exec(5) reads it."""
    allowed = expanded("@default")
    for line in lines:
        taken = line.startswith("~")
        for name in line.lstrip("~").split():
            allowed = allowed - expanded(name) if taken else allowed | expanded(name)
    return allowed


def filter_system_calls(unit):
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    number = getattr(errno, unit["SystemCallErrorNumber"][-1])
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(FAIL | number)))

    def allow(call, *comparisons):
        resolved = library.seccomp_syscall_resolve_name(call.encode())
        array = (Comparison * len(comparisons))(*comparisons)
        if resolved >= 0:
            assert library.seccomp_rule_add_array(rules, ctypes.c_uint32(ALLOW), resolved, len(comparisons), array) == 0

    for call in system_calls(unit["SystemCallFilter"]) - {"socket"}:
        allow(call)
    for family in unit["RestrictAddressFamilies"][-1].split():
        allow("socket", Comparison(0, EQUAL, FAMILIES[family], 0))
    assert library.seccomp_load(rules) == 0


def become(unit, own):
    def number(group):
        return own if group == unit["User"][-1] else grp.getgrnam(group).gr_gid

    libc = ctypes.CDLL(None)
    assert unit["CapabilityBoundingSet"] == [""] and unit["NoNewPrivileges"] == ["yes"]
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    assert capability > 30
    files = min(int(unit["LimitNOFILE"][-1]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])  # as far as we may
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    group = number(unit["Group"][-1])
    os.setgroups([number(name) for name in unit.get("SupplementaryGroups", [""])[-1].split()])
    os.setresgid(group, group, group)
    os.setresuid(own, own, own)
    os.umask(int(unit["UMask"][-1], 8))
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0


def main(path, own, *command):
    unit = settings(path)
    become(unit, int(own))
    filter_system_calls(unit)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
