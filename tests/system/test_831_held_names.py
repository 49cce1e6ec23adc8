"""Names that a source would lose at once are held until they come back or somebody lets them go."""
import pytest

from test_830_several_sources import HELD, Site, accepted, users


@pytest.fixture
def site(folder):
    return Site(folder)


@pytest.mark.parametrize("then", ["the same", "others instead", "some come back"])
def test_what_is_held_is_held_until_somebody_decides(site, then):
    site.sources("one")
    site.says("one", users(40))
    site.sync()
    site.says("one", users(20))
    site.sync(status=HELD)
    count, more = 20, ""
    if then == "others instead":
        more = "".join(f"user v{i}@example.test\n" for i in range(200))
        site.says("one", users(count, more))
    elif then == "some come back":
        count = 31
        site.says("one", users(count))
    for _ in range(3):
        assert f"{40 - count} users, 0 groups and {2 * (40 - count)} addresses would vanish" in site.sync(status=HELD)
        assert site.looked_up("u39@example.test")["addresses"] == ["a39@example.test", "u39@example.test"]
    site.says("one", users(40, more))
    site.sync()
    # Nothing is held any more: few may go.
    site.says("one", users(38, more))
    site.sync()
    assert site.looked_up("u39@example.test") is None


def test_addresses_stay_held_too(site):
    site.sources("one")
    site.says("one", users(40))
    site.sync()
    site.says("one", "".join(f"user u{i}@example.test\n" for i in range(40)))
    site.sync(status=HELD)
    site.says("one", "".join(f"user u{i}@example.test{f' address=a{i}@example.test' if i else ''}\n" for i in range(40)))
    for _ in range(2):
        told = site.sync(status=HELD)
        assert "0 users, 0 groups and 1 addresses would vanish" in told
        assert site.looked_up("a0@example.test")["receives"] == "u0@example.test"
        assert site.may_send("u0@example.test", "a0@example.test").returncode == 1
        assert site.may_send("u1@example.test", "a1@example.test").returncode == 0
    site.sync("--accept", accepted(told))
    assert site.looked_up("a0@example.test") is None


def test_a_name_of_another_kind_has_vanished(site):
    site.sources("one")
    site.says("one", users(40))
    site.sync()
    site.says("one", users(40).replace("user ", "group "))
    for _ in range(2):
        assert "40 users, 0 groups and 0 addresses would vanish" in site.sync(status=HELD)
    site.sync("--accept", "one")
    site.sync()


def test_max_shrink_is_a_setting(site):
    site.sources("one", one="max_shrink = 60")
    site.says("one", users(40))
    site.sync()
    site.says("one", users(20))
    site.sync()
    site.says("one", "")
    site.sync(status=HELD)


def of(domain, count, more=""):
    return "".join(f"user u{i}@{domain} address=a{i}@{domain}{more}\n" for i in range(count))


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_domain_that_moves_to_another_source_loses_nobody(site, order):
    """All at once: the source that had it is held, and whoever moved is who he was, with what both say of him."""
    site.sources(*order)
    site.says("one", users(40) + of("moved.example", 30))
    site.says("two", "user x@example.test\n")
    site.sync()
    site.says("one", users(40))
    site.says("two", "user x@example.test\n" + of("moved.example", 30, " imap=no"))
    told = site.sync(status=HELD)
    for _ in range(2):
        found = site.looked_up("u29@moved.example")
        assert found["addresses"] == ["a29@moved.example", "u29@moved.example"] and found["may"]["imap"] is False
        assert found["may"]["smtp"] and not found["blocked"]
        site.sync("--accept", accepted(told))


def test_another_spelling_is_no_other_name(site):
    site.sources("one")
    site.says("one", of("example.test", 30) + of("b\u00fccher.example", 30).replace("user u", "user m\u00fcller"))
    site.sync()
    before = site.snapshot()
    site.says("one", of("EXAMPLE.test", 30).replace("user u", "user U") +
              of("xn--bcher-kva.example", 30).replace("user u", "user mu\u0308LLER"))
    assert "nothing to change" in site.sync() and site.snapshot() == before


def test_grants_and_switches_that_are_lost_are_never_held(site):
    site.sources("one")
    site.says("one", users(40, "".join(f"grant send-as a{i}@example.test u{i + 1}@example.test\n" for i in range(30))))
    site.sync()
    site.says("one", users(40).replace("\n", " imap=no smtp=no\n"))
    assert "40 changed, 0 removed" in site.sync()
    found = site.looked_up("u9@example.test")
    assert found["may_send_as"] == [] and found["may"]["imap"] is found["may"]["smtp"] is False


def test_of_two_sources_each_is_accepted_by_itself(site):
    """And what was accepted is the content that was told: it is another one since."""
    site.sources("one", "two")
    site.says("one", users(40))
    site.says("two", of("two.example", 40))
    site.sync()
    site.says("one", users(5))
    site.says("two", of("two.example", 5))
    told = site.sync(status=HELD)
    site.sync("--accept", accepted(told, "one"), status=HELD)
    assert site.looked_up("u30@example.test") is None and site.looked_up("u30@two.example")
    site.says("two", of("two.example", 4))
    other = site.sync("--accept", accepted(told, "two"), status=HELD)
    assert "takes the content with that digest: this is another one" in other and site.looked_up("u4@two.example")
    site.sync("--accept", accepted(other, "two"))
    assert site.looked_up("u4@two.example") is None and site.looked_up("u3@two.example")
