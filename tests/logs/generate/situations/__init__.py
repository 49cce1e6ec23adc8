"""What happens to users: a function each, whose name is the log's.

    @situation("plain")
    def wrong_password(machine): ...

The machine's servers are set up and not yet started: a situation changes settings first, where it needs to, then begins.
"""
import importlib
import pkgutil
from typing import Callable, NamedTuple

import clients


class Situation(NamedTuple):
    kind: str
    act: Callable


ALL = {}


def situation(*kinds):
    """With several kinds of machine there is a log of each, and the kind is in its name."""
    def add(act):
        for kind in kinds:
            name = act.__name__.replace("_", "-") + (f"-{kind}" if len(kinds) > 1 else "")
            assert name not in ALL, name
            ALL[name] = Situation(kind, act)
        return act
    return add


def situations(act, cases):
    """One of each name: act(machine, *what), where `cases` has {name: (kinds, *what)}."""
    for name, (kinds, *what) in cases.items():
        def one(machine, what=tuple(what)):
            act(machine, *what)
        one.__name__ = name
        situation(*kinds.split())(one)


def begin(machine, login="bob"):
    """Started, with what any server's log is full of, and the user reads mail first."""
    machine.start()
    machine.others()
    if login:
        clients.reads(login=login)


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
