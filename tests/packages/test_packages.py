"""The Debian packages on the server of a small company: nothing is lost, nothing gets in, and it goes back."""
import pytest

import packages

POLICY = """\
default_domain = "example.org"
accepted_domain "example.org" { type = Authoritative  local_names = { "mail.example.org", "localhost", "[127.0.0.1]" } }
recipient_delimiter = "+"
login "everywhere" { }
connector "Default" { bindings = { "*:25" } auth_mechanism = { Tls } permission_groups = { AnonymousUsers } }
connector "Client" {
    bindings = { "*:587" }
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }
    permission_groups = { ExchangeUsers }
}
directory { source "local" { driver = text  path = "/etc/mailwicket/directory" } }
"""
DIRECTORY = "user alice@example.org login=alice address=postmaster@example.org\nuser bob@example.org login=bob\n"


def wire(server):
    """What the guide says after the installation."""
    server.machine.path("/etc/mailwicket/mailwicket.conf").write_text(POLICY)
    server.machine.path("/etc/mailwicket/directory").write_text(DIRECTORY)
    server.run("mailwicket", "check")
    server.run("mailwicket", "sync")
    server.run("systemctl", "enable", "--now", "mailwicketd")
    server.run("mailwicket", "setup", "--apply")
    server.reload("systemctl restart dovecot && postfix reload")
    server.works()


def test_lintian_has_no_error_and_no_warning(built):
    assert [line for line in built.lintian.splitlines() if line.startswith(("E:", "W:"))] == []


def test_installing_changes_nothing_and_starts_nothing(server, built):
    before = server.configuration()
    server.works()
    server.install(built)
    assert server.configuration() == before
    assert server.run("systemctl", "is-active", "mailwicketd.service", "mailwicketd.socket", check=False).stdout.split() == ["inactive"] * 2
    assert server.run("systemctl", "is-enabled", "mailwicketd.service", "mailwicketd.socket", check=False).stdout.split() == ["disabled"] * 2
    server.works()


def test_from_setup_to_purge(server, built):
    before = server.configuration()
    server.install(built)
    wire(server)
    server.holds()

    # Not while a server asks it; and it goes on.
    refused = server.apt("remove", "mailwicket", check=False)
    assert refused.returncode != 0
    for part in ("mailwicket setup --undo", "/etc/postfix/", "/etc/dovecot/"):
        assert part in refused.stdout, refused.stdout
    server.works()
    server.holds()

    server.apt("install", "--reinstall", "mailwicket", "dovecot-mailwicket")
    server.works()
    server.holds()

    server.undo()
    assert server.configuration() == before
    server.works()
    server.apt("remove", "mailwicket", "dovecot-mailwicket")
    server.works()
    server.apt("purge", "mailwicket", "dovecot-mailwicket")
    server.works()
    left = server.run("find", "/etc", "/var/lib", "/var/spool/postfix", "/usr", "-name", "*mailwicket*",
                      "-not", "-path", "/var/lib/apt/*", "-not", "-path", "/var/lib/dpkg/*", "-not", "-path",
                      "/etc/apt/*").stdout.split()
    # The chroot's mark is of these tests, as is what /etc/apt has: the archive, and how often apt tries.
    assert left == ["/var/lib/mailwicket-chroot-ready"]


def test_an_upgrade_keeps_what_was_edited_and_does_not_start_what_does_not_run(server, built, tmp_path):
    server.install(built)
    server.machine.path("/etc/mailwicket/mailwicket.conf").write_text(POLICY)
    newer = tmp_path / "newer"
    newer.mkdir()
    for name in ("mailwicket", "dovecot-mailwicket"):
        packages.another_version(built.package(name), "0.2.0-0mailwicket1", newer)
    server.offer(newer)
    server.apt("install", "mailwicket", "dovecot-mailwicket")
    assert server.machine.path("/etc/mailwicket/mailwicket.conf").read_text() == POLICY
    assert server.run("systemctl", "is-active", "mailwicketd.service", check=False).stdout.strip() == "inactive"
    wire(server)
    server.holds()


def test_an_upgrade_restarts_it_once_the_policy_has_been_read(server, built, tmp_path):
    server.install(built)
    wire(server)
    newer = tmp_path / "newer"
    newer.mkdir()
    for name in ("mailwicket", "dovecot-mailwicket"):
        packages.another_version(built.package(name), "0.2.0-0mailwicket1", newer)
    server.offer(newer)
    policy = server.machine.path("/etc/mailwicket/mailwicket.conf")

    def pid():
        return server.run("systemctl", "show", "--property=MainPID", "--value", "mailwicketd").stdout.strip()
    first = pid()

    policy.write_text(POLICY.replace("auth_mechanism = { Tls }", "auth_mechanism = { Tsl }"))
    told = server.apt("install", "mailwicket", "dovecot-mailwicket", check=False)
    assert told.returncode != 0
    assert "/etc/mailwicket/mailwicket.conf:5:" in told.stdout and "Correct the policy" in told.stdout, told.stdout
    assert pid() == first
    server.works()
    server.holds()

    policy.write_text(POLICY)
    server.apt("--fix-broken", "install")
    server.apt("install", "mailwicket", "dovecot-mailwicket")
    assert pid() != first
    for name in ("mailwicket", "dovecot-mailwicket"):
        assert server.run("dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", name).stdout == "0.2.0-0mailwicket1 installed"
    server.works()
    server.holds()


def offer_newer(server, built, folder):
    """0.1.0-0mailwicket2 of mailwicket."""
    newer = folder / "newer"
    newer.mkdir()
    packages.another_version(built.package("mailwicket"), "0.1.0-0mailwicket2", newer)
    server.offer(newer)


def test_a_policy_that_only_the_new_one_cannot_read_leaves_the_running_one_alone(server, built, tmp_path):
    """The policy becomes bad after Dovecot's part was upgraded: mailwicketd's own part stays unconfigured."""
    server.install(built)
    wire(server)
    offer_newer(server, built, tmp_path)
    policy = server.machine.path("/etc/mailwicket/mailwicket.conf")
    policy.write_text(POLICY.replace("auth_mechanism = { Tls }", "auth_mechanism = { Tsl }"))
    told = server.apt("install", "mailwicket=0.1.0-0mailwicket2", check=False)
    assert told.returncode != 0
    assert "/etc/mailwicket/mailwicket.conf:5:" in told.stdout and "dpkg --configure mailwicket" in told.stdout, told.stdout
    assert server.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "mailwicket").stdout == "half-configured"
    server.works()
    server.holds()
    policy.write_text(POLICY)
    server.run("dpkg", "--configure", "mailwicket")
    server.works()
    server.holds()


def test_an_upgrade_publishes_a_directory_of_another_format_again(server, built, tmp_path):
    """Where that fails, the mailwicketd that runs goes on with what it has read."""
    server.install(built)
    wire(server)
    offer_newer(server, built, tmp_path)
    snapshot = server.machine.path("/var/lib/mailwicket/directory/snapshot.mdb")
    directory = server.machine.path("/etc/mailwicket/directory")
    good, text = snapshot.read_bytes(), directory.read_text()
    at = good.rindex(b"MWSEALED") + 8
    # Another file: the one that mailwicketd has open is not written to.
    aside = snapshot.with_name(".aside")
    aside.write_bytes(good[:at] + bytes([good[at] - 1]) + good[at + 1:])
    aside.replace(snapshot)
    directory.write_text(text + "usr nobody\n")
    told = server.apt("install", "mailwicket=0.1.0-0mailwicket2", check=False)
    assert told.returncode != 0 and "mailwicket sync && dpkg --configure mailwicket" in told.stdout, told.stdout
    server.works()
    directory.write_text(text)
    server.run("dpkg", "--configure", "mailwicket")
    assert server.run("runuser", "-u", "mailwicketd", "--", "mailwicketd", "-t").returncode == 0
    server.works()
    server.holds()


def test_without_its_modules_dovecot_refuses_every_login_until_setup_is_undone(server, built):
    server.install(built)
    wire(server)
    server.works()
    told = server.apt("remove", "dovecot-mailwicket").stdout
    assert "mailwicket setup --undo" in told
    # Debian's own trigger has restarted Dovecot.
    with pytest.raises(Exception):
        server.read()
    with pytest.raises(Exception):
        server.submit()
    server.undo()
    server.works()


@pytest.mark.parametrize("absent", ["postfix", "dovecot-core"])
def test_a_server_may_be_absent(server, built, absent):
    server.apt("purge", absent)
    # Dovecot's socket for Postfix is the user postfix's.
    server.machine.path("/etc/dovecot/conf.d/99-local.conf").unlink(missing_ok=True)
    server.install(built)
    assert server.run("mailwicket", "check").returncode == 0
    server.apt("purge", "mailwicket", "dovecot-mailwicket")
