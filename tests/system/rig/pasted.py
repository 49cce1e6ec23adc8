"""What an administrator does with a fix of `mailwicket check`: its lines are pasted where it says."""
import re
import subprocess
from pathlib import Path

from rig.built import CLI


def entry_end(lines, first):
    """Behind a logical line of main.cf or master.cf: its continuations, not what follows."""
    end = first + 1
    for index in range(first + 1, len(lines)):
        if lines[index][:1] in (" ", "\t") and lines[index].strip() and not lines[index].lstrip().startswith("#"):
            end = index + 1
        elif lines[index].strip() and not lines[index].lstrip().startswith("#"):
            break
    return end


def block_end(lines, first):
    """Behind the brace that closes the block, or behind the one line."""
    depth = 0
    for index in range(first, len(lines)):
        depth += lines[index].count("{") - lines[index].count("}")
        if depth <= 0:
            return index + 1
    raise AssertionError(f"no end of {lines[first]}")


def within(lines, first, text):
    """A setting of the policy, in place of one of its name in the same braces."""
    rest = "\n".join(lines[first:])
    end = block_end(lines, first) - first
    section, after = "\n".join(rest.split("\n")[:end]), "\n".join(rest.split("\n")[end:])
    name = text.split()[0]
    section = re.sub(rf"\b{name}\s*=\s*(\{{[^}}]*\}}|\S+)", "", section)
    return lines[:first] + [section.replace("{", "{ " + text + " ", 1), after]


def paste(finding):
    """Changes the file that the finding's place names."""
    place, text = finding["place"], finding["fix"]
    path = Path(place["file"])
    lines = path.read_text().splitlines()
    first = place["line"] - 1
    is_postfix = path.name in ("main.cf", "master.cf")
    if place["how"] == "end":
        lines.append(text)
    elif place["how"] == "above":
        lines.insert(first, text)
    elif place["how"] == "below":
        lines.insert(entry_end(lines, first), text)
    elif place["how"] == "within":
        lines = within(lines, first, text)
    else:
        assert place["how"] == "replace", place
        lines[first:(entry_end if is_postfix else block_end)(lines, first)] = [text]
    path.write_text("\n".join(lines) + "\n")


def run(finding, daemon):
    """Runs the command of a fix. What it asks of the service manager for mailwicketd, the test's own one does; what would touch
    the machine's own services is left out."""
    asked = re.findall(r"systemctl ([a-z]+)[a-z -]* mailwicketd", finding["fix"])
    command = re.sub(r"systemctl [a-z -]*\S*|mailwicket (-c \S+ )?check", "true", finding["fix"])
    command = re.sub(r"^mailwicket\b", str(CLI), command)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    for verb in asked:
        if verb == "reload":
            assert daemon.reload()
        else:
            daemon.stop()
            daemon.start()
