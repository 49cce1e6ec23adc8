"""Makes one situation, on the machine's own disk: inside.py DEBIAN NAME LOG. Started by `generate`, in namespaces of its own."""
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "system")]

import clients  # noqa: E402
import situations  # noqa: E402
from machine import Machine  # noqa: E402


def others(machine):
    """What any server's log is full of: a message comes in, a colleague reads and sends, a robot tries passwords."""
    with clients.smtp("world", 25, tls=False, hello="mx.example.net") as client:
        client.deliver("ann@example.net", "bob@example.org", subject="Hello")
        client.command("QUIT")
    clients.reads("mary", "mary")
    clients.sends("mary", "mary@example.org", login="mary", port=465)
    with clients.smtp("world", 465, hello="ylmf-pc") as client:
        client.plain("admin", "123456")
        client.command("QUIT")


def main(release, name, log):
    made = situations.ALL[name]
    machine = Machine(release, made.kind)
    machine.others = lambda: others(machine)
    try:
        made.act(machine.write())
        machine.settle()
        Path(log).write_text(machine.log.text())
    except BaseException:
        traceback.print_exc()
        Path(log + ".failed").write_text(machine.log.text())
        return 1
    finally:
        machine.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
