import os
import shutil

import pytest

import company
import machine
import packages

RELEASES = ("bookworm", "trixie")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A worker of `-n 2 --dist loadgroup` has one release, whose packages are built once."""
    for item in items:
        release = item.callspec.params.get("release") if hasattr(item, "callspec") else None
        item.add_marker(pytest.mark.xdist_group(release or RELEASES[0]))


@pytest.fixture(scope="session", params=RELEASES)
def release(request):
    return request.param


class Built:
    def __init__(self, release, folder):
        self.release, self.folder = release, folder
        # Packages that were built before, for who works on these tests.
        before = os.environ.get(f"MAILWICKET_PACKAGES_{release}")
        if before is None:
            self.lintian = packages.build(release, folder)
        else:
            shutil.copytree(before, folder, dirs_exist_ok=True)
            self.lintian = ""

    def package(self, name):
        return next(self.folder.glob(f"{name}_*.deb"))


@pytest.fixture(scope="session")
def built(release, tmp_path_factory):
    """The packages of a release, and what lintian says of them."""
    return Built(release, tmp_path_factory.mktemp(f"packages-{release}"))


@pytest.fixture
def server(release):
    """A small company's server without Mailwicket."""
    running = company.Company(release, machine.chroot(release, "server", company.PACKAGES))
    yield running
    running.close()
