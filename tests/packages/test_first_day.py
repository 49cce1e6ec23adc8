"""The guide's page, docs/guides/install.md, on the server of a small company: its commands as they stand there, and a day of
the company after each. What worked before works, what was refused is refused."""
import re
import time

import machine
from day import Day

GUIDE = (machine.SOURCE / "docs/guides/install.md").read_text()
PROGRAMS = ("apt", "mailwicket", "systemctl", "sed", "postfix", "doveadm")


def steps():
    """The commands of the numbered steps, in order, with the step each stands in."""
    found = []
    for title, text in re.findall(r"^## (\d\. .*)\n((?:(?!## ).*\n)*)", GUIDE, re.MULTILINE):
        found += [(title, line) for line in re.findall(r"^    (\S.*)$", text, re.MULTILINE)
                  if line.split()[0] in PROGRAMS]
    return found


def is_needed(command):
    """What only shows something is left out by somebody in a hurry."""
    return not re.fullmatch(r"mailwicket (init|setup|check.*|status|audit)", command)


def test_the_page_has_the_steps_of_a_first_day():
    commands = [command for _, command in steps()]
    assert sum(map(is_needed, commands)) <= 10, commands
    for command in ("mailwicket init --apply", "mailwicket sync", "mailwicket setup --apply", "mailwicket audit"):
        assert command in commands


def test_from_a_running_server_to_an_enforced_policy(server, built):
    """And nobody notices: nothing that worked fails, after no command."""
    day, before, spent = Day(server), server.configuration(), 0.0
    assert day.differences() == {}
    server.offer(built.folder)
    for step, command in steps():
        began = time.monotonic()
        words = f"cd /packages && {command.replace('apt install', 'apt-get -qy install --no-install-recommends')}"
        done = server.reload(words) if "doveadm reload" in command else \
            server.run("sh", "-c", words, online=command.startswith("apt"), check=False)
        spent += time.monotonic() - began if is_needed(command) else 0
        assert done.returncode == 0, f"{step}: {command}: status {done.returncode}\n{done.stdout}"
        assert day.differences() == {}, f"{step}: after {command}\n{done.stdout}"
    server.holds()
    print(f"{spent:.0f} s for the commands")
    told = server.run("mailwicket", "check", "--postfix", "--dovecot")
    assert "0 errors" in told.stdout
    # And back again, one step for each setup.
    for _ in range([command for _, command in steps()].count("mailwicket setup --apply")):
        server.undo()
    assert server.configuration() == before
    assert day.differences() == {}
