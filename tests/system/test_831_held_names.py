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
