"""From fields, generated, and how independent readers take them: Python's email package, Email::Address::XS, GMime, Dovecot."""
import email.policy
import email.utils
import random
import re
import subprocess
from email.headerregistry import HeaderRegistry

from rig.built import SOURCE, made
from rig.programs import compiled

OWN = {"bob@example.test", "bob.smith@example.test"}
OWN_WRITTEN = ("bob@example.test", "BOB@Example.Test", "bob.smith@example.test", '"bob"@example.test', "Bob@EXAMPLE.TEST")
OTHERS = ("mary@example.test", "ceo@example.test", "mary@example.net", "bob@example.net", "root@localhost")
ATOMS = ("Bob", "Smith", "J.", "Mc'Bob", "R&D", "Sales-Team", "B\u00f6b", "\u5c71\u7530", "Dr.", "2nd", "+1", "~bob~", "a/b", "{x}")
QUOTED = ("Bob Smith", "Smith, Bob", "Bob (Sales)", "mary@example.test", "<mary@example.test>", 'Bob \\"the\\" Builder',
          "", "Bob: x; y", "B\u00f6b", "back\\\\slash", "a <b> c", "=?utf-8?q?Bob?=", "mary@example.test,")
ENCODED = ("=?utf-8?q?B=C3=B6b?=", "=?UTF-8?B?QsO2Yg==?=", "=?iso-8859-1?Q?B=F6b_Smith?=", "=?utf-8?q?mary=40example.test?=",
           "=?utf-8?b?PG1hcnlAZXhhbXBsZS50ZXN0Pg==?=", "=?utf-8*en?q?Bob?=", "=?iso-2022-jp?B?GyRCO0MbKEI=?=")
COMMENTS = ("(Bob)", "(at work)", "(Bob (the builder))", "(a\\)b)", "(mary@example.test)", "()", "(R&D, Berlin)",
            "(<mary@example.test>)", "(\")")
SPECIALS = ("<", ">", "(", ")", "[", "]", "@", ",", ";", ":", "\\", '"', ".", " ", "\t", "\n ", "%", "!", "=?", "?=", "\x00", "\r", "\x0b",
            "\x7f", "\u00a0", "\u2028", "\uff20", "\u200b", "mary@example.test", "<mary@example.test>", ",mary@example.test",
            '"', "()", ":;", "<>", "@example.net", "(x)", "\\\"", "=?utf-8?q?,?=")


class Fields:
    """Generated values of From. The same seed gives the same fields."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one_of(self, *choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def blank(self):
        return self.one_of(" ", " ", " ", "  ", "\t", "\n ", " \n\t")

    def phrase(self):
        words = self.random.randint(1, 4)
        return self.blank().join(
            self.random.choice(ATOMS) if self.chance(0.5)
            else '"%s"' % self.random.choice(QUOTED) if self.chance(0.6)
            else self.random.choice(ENCODED) for _ in range(words))

    def address(self, own):
        return self.random.choice(OWN_WRITTEN if own else OTHERS)

    def mailbox(self, own):
        address = self.address(own)
        kind = self.random.random()
        if kind < 0.3:
            written = address
        elif kind < 0.45:
            written = "<%s>" % address
        else:
            written = self.phrase() + self.one_of("", " ", " ", " ", "\n ") + "<%s>" % address
        if self.chance(0.1):
            written += self.one_of("", " ") + self.random.choice(COMMENTS[:7])
        return written

    def usual(self):
        """As RFC 5322 has it, but for what a strict reader may refuse: one mailbox, or several, or a group."""
        kind = self.random.random()
        if kind < 0.8:
            return self.mailbox(self.chance(0.8))
        boxes = [self.mailbox(self.chance(0.8)) for _ in range(self.random.randint(1, 3))]
        listed = self.one_of(",", ", ", ",\n ").join(boxes)
        return listed if kind < 0.9 else "%s:%s%s;" % (self.one_of("team", '"a team"', "=?utf-8?q?team?="), self.one_of("", " "),
                                                       listed)

    def odd(self):
        """What RFC 5322 permits, or did once, in places where readers differ."""
        own, other = self.address(True), self.address(False)
        return self.one_of(
            "%s %s" % (self.random.choice(COMMENTS), own), "bob%s@example.test" % self.random.choice(COMMENTS),
            "bob@%sexample.test" % self.random.choice(COMMENTS), "bob @ example.test", "bob@ example.test",
            "<%s%s>" % (own, self.random.choice(COMMENTS)), "<@%s:%s>" % (other.split("@")[1], own), "<%s>%s" % (own, other),
            "%s <%s>" % (other, own), "%s%s<%s>" % (own, self.one_of("", " ", "\n "), own), "%s, <%s>" % (other, own), "<%s>\\,<%s>" % (other, own), '"%s"@example.test' % other,
            "<%s@example.test>" % other, "=?utf-8?q?bob?=@example.test", "=?utf-8?b?%s?=,<%s>" % ("PG1hcnlAZXhhbXBsZS50ZXN0Pg==", own),
            "undisclosed:;", "a:%s;,%s" % (own, other), "a:b:%s;;" % own, "%s,,%s" % (own, own), ",%s" % own, "%s," % own,
            "<%s> <%s>" % (own, other), "%s\n %s" % (own, other), "%s;%s" % (own, other), "Bob <%s" % own, "bob", "<bob>", "<>",
            "bob%%example.net@example.test", "example.net!bob@example.test", '"bob\\"@example.test', '"bob" "x"@example.test',
            "bob.@example.test", ".bob@example.test", "bob@example.test.", "bob@[192.0.2.1]", "bob@example.test@example.net",
            "(%s) <%s>" % (other, own), '"<%s>" <%s>' % (other, own), "< %s >" % own, "%s (%s)" % (own, other),
            '"bob+%s"@example.test' % self.random.choice(SPECIALS), "bob+%s@example.test" % self.random.choice(SPECIALS))

    def mutated(self):
        text = self.usual() if self.chance(0.5) else self.odd()
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randint(0, len(text))
            kind = self.random.random()
            if kind < 0.6:
                text = text[:at] + self.random.choice(SPECIALS) + text[at:]
            elif kind < 0.75:
                text = text[:at] + text[at + self.random.randint(1, 4):]
            elif kind < 0.9:
                other = self.odd()
                text = text[:at] + other[self.random.randint(0, len(other)):]
            else:
                to = self.random.randint(0, len(text))
                text = text[:at] + text[to:to + 6] + text[at:]
        octets = text.encode()
        return octets if self.chance(0.97) else octets[:self.random.randint(0, len(octets))] + b"\xff"

    def some(self, count):
        """(kind, octets) of so many: a third of each kind."""
        for i in range(count):
            kind = ("usual", "odd", "mutated")[i % 3]
            field = getattr(self, kind)()
            yield kind, field if isinstance(field, bytes) else field.encode()


# --- readers: a list of octets in, a list of lists of addresses out

def run(program, fields):
    done = subprocess.run(program, input=b"".join(b"%s\n" % one.hex().encode() for one in fields), capture_output=True,
                          check=True, timeout=1200)
    return [line.split() for line in done.stdout.decode().split("\n")[:-1]]


def of_program(program, fields):
    return [[bytes.fromhex(one).decode("utf-8", "replace") for one in line] for line in run(program, fields)]


def python_utils(fields):
    return [[address for _, address in email.utils.getaddresses([one.decode("utf-8", "surrogateescape")]) if address]
            for one in fields]


REGISTRY = HeaderRegistry()


def python_policy_one(field):
    try:
        header = REGISTRY("From", field.decode("utf-8", "surrogateescape").replace("\r", " ").replace("\n", ""))
        return [one.addr_spec for one in header.addresses if one.addr_spec not in ("", "<>")]
    except Exception:  # its parser raises whatever it meets: it reads nothing then
        return []


def python_policy(fields):
    return [python_policy_one(one) for one in fields]


def dovecot(fields):
    program = compiled("tests/agreement/dovecot.c", "-I/usr/include/dovecot", "-DHAVE_CONFIG_H", "-L/usr/lib/dovecot",
                       "-Wl,-rpath,/usr/lib/dovecot", "-Wl,--no-as-needed", "-ldovecot")
    return of_program([program], fields)


def gmime(fields):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gmime-3.0"], capture_output=True, text=True, check=True)
    return of_program([compiled("tests/agreement/gmime.c", "-Wl,--no-as-needed", *flags.stdout.split())], fields)


def address_xs(fields):
    return of_program([str(SOURCE / "tests/agreement/address-xs")], fields)


READERS = {"Python email.utils": python_utils, "Python email.policy": python_policy, "Dovecot": dovecot, "GMime": gmime,
           "Email::Address::XS": address_xs}


def ours(fields):
    """(fault or "ok", addresses) of each."""
    lines = run([made("tests/agreement/ours")], fields)
    return [(line[0], [bytes.fromhex(one).decode("utf-8", "replace") for one in line[1:]]) for line in lines]


def canonical(addresses):
    """As the policy compares them."""
    lines = run([made("tests/agreement/ours"), "-a"],
                [one.encode("utf-8", "surrogateescape") for one in addresses])
    return {one: bytes.fromhex(line[0]).decode("utf-8", "replace") for one, line in zip(addresses, lines)}


def broken_lines(field):
    """As Postfix may deliver it: it writes CR LF and a blank behind the 998th octet of a line, behind a backslash too.
    Blanks before the colon count and no milter sees them, so that any place of the first line may be that one."""
    first = field.split(b"\n")[0]
    return [field[:at + 1] + b"\n " + field[at + 1:] for at in range(len(first)) if first[at:at + 1] == b"\\"]


# Two words and an at sign between, however they are quoted, in angle brackets or encoded.
LIKE_AN_ADDRESS = re.compile(r"[^@\s<>()\[\]\\,;:]+@[^@\s<>()\[\]\\,;:]+")


class Agreement:
    """What came of so many fields of one seed."""

    def __init__(self, count, seed):
        self.fields = list(Fields(seed).some(count))
        octets = [one for _, one in self.fields]
        self.ours = ours(octets)
        broken = [(at, one) for at, field in enumerate(octets) for one in broken_lines(field)]
        every = octets + [one for _, one in broken]
        self.read = {name: reader(every) for name, reader in READERS.items()}
        self.canonical = canonical(sorted({address for read in self.read.values() for one in read for address in one}))
        assert len(self.ours) == count and all(len(read) == len(every) for read in self.read.values())
        self.forms = [[at] for at in range(count)]  # the places in `every` of a field: itself, then its broken lines
        for place, (at, _) in enumerate(broken, count):
            self.forms[at].append(place)

    def is_own(self, addresses):
        return bool(addresses) and all(self.canonical[one] in OWN for one in addresses)

    def is_permitted(self, at):
        fault, addresses = self.ours[at]
        return fault == "ok" and bool(addresses) and all(one in OWN for one in addresses)

    def permitted(self):
        return sum(self.is_permitted(at) for at in range(len(self.fields)))

    def forged(self):
        """Fields that we permit and a reader takes for another's, or would with a line broken: [(reader, field, addresses)]."""
        return [(name, self.fields[at][1], taken) for name in self.read for at in range(len(self.fields))
                if self.is_permitted(at) for broken, taken in enumerate(self.taken(name, at)) if self.is_anothers(taken, broken)]

    def is_anothers(self, taken, broken):
        """What is said of syntax that a broken line spoilt is anything: an address of others has to stand in it."""
        if not broken:
            return bool(taken) and not self.is_own(taken)
        return any(like.lower() not in OWN for one in taken for like in LIKE_AN_ADDRESS.findall(one.replace('"', "")))

    def taken(self, name, at):
        """What this reader reads in a field, and in it with a line broken."""
        return [self.read[name][place] for place in self.forms[at]]

    def is_agreed(self, at):
        """All readers say that it names the user, and however its line is broken nobody else."""
        return all(self.is_own(taken) if not broken else not self.is_anothers(taken, broken) for name in self.read
                   for broken, taken in enumerate(self.taken(name, at)))

    def agreed(self, *kinds):
        """(place, permitted) of each."""
        return [(at, self.is_permitted(at)) for at, (kind, _) in enumerate(self.fields) if kind in kinds and self.is_agreed(at)]

    def refused(self, *kinds):
        """How many of the agreed ones we refuse, by fault."""
        faults = {}
        for at, permitted in self.agreed(*kinds):
            if not permitted:
                faults[self.ours[at][0]] = faults.get(self.ours[at][0], 0) + 1
        return faults


def figures(agreement):
    usual, every = agreement.agreed("usual"), agreement.agreed("usual", "odd", "mutated")
    return {"fields": len(agreement.fields), "permitted": agreement.permitted(),
            "permitted, and another's to a reader": len(agreement.forged()),
            "usual, and the user's to all readers": len(usual), "of these permitted": sum(ok for _, ok in usual),
            "of any kind, and the user's to all readers": len(every), "of those permitted": sum(ok for _, ok in every)}
