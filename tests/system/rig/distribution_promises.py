"""The tests that every distribution has: what works before setup works after it and after --undo, and with what `init` makes.

    class TestMailcow(Promises):
        kind, before, after = Mailcow, BEFORE, AFTER
        may_change = {"files": [...], "entries": [...]}
"""
import pytest

from rig import distribution
from rig.distribution_cycle import Cycle, assert_same
from rig.init_cycle import InitCycle


class Promises:
    pytestmark = pytest.mark.skipif(bool(distribution.why_not()), reason=str(distribution.why_not()))

    kind = None                   # the distribution's class
    before, after = {}, {}        # the outcome of each action, before setup and after it
    errors = ()                   # the settings at which check has an error all the same, once a rule is enforced
    may_change = {}               # what setup may change: arguments of Cycle.assert_nothing_was_taken
    other_words, forged = (), ()  # arguments of InitCycle.assert_nothing_that_worked_is_refused

    @pytest.fixture(scope="class")
    def cycle(self, module_folder):
        with self.kind(module_folder) as site:
            yield Cycle(site)

    def test_before_setup_everything_works(self, cycle):
        assert_same(cycle.before, self.before)

    def test_setup_is_made_and_check_has_no_other_error(self, cycle):
        cycle.assert_setup_was_made(self.errors)

    def test_after_setup_the_policy_holds_and_nothing_else_is_different(self, cycle):
        assert_same(cycle.after, self.after)

    def test_setup_takes_nothing_away(self, cycle):
        cycle.assert_nothing_was_taken(**self.may_change)

    def test_undo_gives_every_octet_and_all_that_worked(self, cycle):
        cycle.assert_undone(self.before)

    @pytest.fixture(scope="class")
    def init_cycle(self, module_folder):
        (module_folder / "init").mkdir()
        with self.kind(module_folder / "init") as site:
            yield InitCycle(site)

    def test_what_init_makes_passes_check_and_setup(self, init_cycle):
        init_cycle.assert_made(self.errors)

    def test_with_what_init_makes_nothing_that_worked_is_refused(self, init_cycle):
        init_cycle.assert_nothing_that_worked_is_refused(other_words=self.other_words, forged=self.forged)
