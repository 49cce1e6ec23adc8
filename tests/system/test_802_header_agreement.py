"""Independent readers of From and ours: what we permit none of them takes for another's, and what all take for the
user's we permit. tests/bench/header-agreement does the same with more fields."""
import pytest

from rig import agreement

FIELDS = 50_000


@pytest.fixture(scope="module")
def read():
    return agreement.Agreement(FIELDS, seed=20_261_129)


def test_nothing_that_is_permitted_is_anothers_to_any_reader(read):
    assert read.permitted() > FIELDS / 5
    assert read.forged() == []


def test_what_is_usual_and_the_users_to_all_readers_is_permitted(read):
    agreed = read.agreed("usual")
    assert len(agreed) > FIELDS / 5
    assert sum(permitted for _, permitted in agreed) >= 0.995 * len(agreed), read.refused("usual")


@pytest.mark.parametrize("name", agreement.READERS)
def test_each_reader_takes_some_fields_for_the_users_and_some_for_anothers(read, name):
    """The comparison could find something: this reader reads, and takes fields that we refuse for others' than we would."""
    taken = read.read[name][:FIELDS]
    own = [read.is_own(one) for one in taken]
    assert sum(own) > FIELDS / 5
    assert sum(bool(one) and not mine for one, mine in zip(taken, own)) > FIELDS / 10


def test_readers_differ_on_fields_that_are_refused(read):
    differ = [at for at in range(FIELDS) if len({read.is_own(one[at]) for one in read.read.values() if one[at]}) == 2]
    assert len(differ) > FIELDS / 100
    assert not any(read.is_permitted(at) for at in differ)
