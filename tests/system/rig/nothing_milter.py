"""A filter of pymilter that does nothing: nothing_milter.py unix:PATH."""
import sys

import Milter


class Nothing(Milter.Base):
    @Milter.noreply
    def connect(self, hostname, family, address):
        return Milter.CONTINUE

    @Milter.noreply
    def envfrom(self, sender, *words):
        return Milter.CONTINUE

    @Milter.noreply
    def header(self, name, value):
        return Milter.CONTINUE

    def eom(self):
        return Milter.CONTINUE


if __name__ == "__main__":
    Milter.factory = Nothing
    Milter.runmilter("nothing", sys.argv[1], 60)
