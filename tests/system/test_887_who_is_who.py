"""Who is who in a source with keys, where some of its names are nobody's, or another's: everybody else is renamed as if these
were not there, and nobody is lost."""
from test_830_several_sources import HELD, Site

BOSS = "boss@example.test"


def people(first, last, domain="example.test"):
    return "".join(f"user u{n}@{domain} source_key=k{n}\n" for n in range(first, last))


def unkeyed(count):
    return "".join(f"user u{n}@example.test\n" for n in range(count))


def test_a_source_whose_only_keys_are_of_nobody_is_read(folder):
    """They are gone once two of a name are joined, or who has no name is left out."""
    with Site(folder) as site:
        site.sources("one")
        for now in ("user ceo@example.test source_key=k1\nuser ceo@example.test source_key=k2\n",
                    "user ceo@example.test\nuser c@@bad source_key=k7\n"):
            site.says("one", unkeyed(5) + "user ceo@example.test\n")
            site.sync()
            site.says("one", unkeyed(5) + now)
            site.sync()
            assert site.looked_up("ceo@example.test")["known"] and site.looked_up("u4@example.test")["known"]


def test_few_who_are_renamed_are_so_beside_one_without_a_name(folder):
    """A third of the users: one reading of them counts, however often the names are looked at."""
    for more in ("", "user x@@bad source_key=kx\n", "user u18@example.test source_key=kx\n"):
        with Site(folder) as site:
            site.sources("text", "one")
            (site.folder / "text").write_text(f"user {BOSS}\ngrant send-as {BOSS} u1@example.test\n")
            site.says("one", people(0, 20))
            site.sync()
            site.says("one", people(0, 6, "new.test") + people(6, 20) + more)
            site.sync()
            assert BOSS in site.looked_up("u1@new.test")["may_send_as"], more
