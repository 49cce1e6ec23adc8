"""The packages, as packaging/build-deb makes them in a clean chroot, and archives for apt."""
import pathlib
import re
import shutil
import subprocess

import machine

CONTROL = machine.SOURCE / "packaging/debian/control"


def build_dependencies():
    text = re.search(r"^Build-Depends:((?:.*\n)(?:[ \t].*\n)*)", CONTROL.read_text(), re.MULTILINE).group(1)
    names = [re.sub(r"[ (<].*", "", entry.strip()) for entry in text.split(",")]
    # debhelper-compat is a name that debhelper provides.
    return ["debhelper" if name == "debhelper-compat" else name for name in names if name]


def build(release, folder):
    """Builds in a clean chroot into `folder`; what lintian says of it."""
    tree = machine.Tree(machine.chroot(release, "build", ["build-essential", "fakeroot", "lintian", *build_dependencies()]))
    try:
        subprocess.run([machine.SOURCE / "packaging/copy-tree", tree.root / "src/mailwicket"], check=True)
        # The unit tests run in a stage of their own.
        tree.run("DEB_BUILD_OPTIONS=nocheck parallel=2", "DEB_BUILD_PROFILES=nocheck", "sh", "-c", "cd /src/mailwicket && packaging/build-deb /src/packages")
        told = tree.run("sh", "-c", "cd /src && chown -R nobody . && "
                        "setpriv --reuid=nobody --regid=nogroup --clear-groups lintian --fail-on none /src/packages/*.changes")
        for package in (tree.root / "src/packages").glob("*.deb"):
            if "-dbgsym" not in package.name:
                shutil.copy(package, folder)
    finally:
        tree.close()
    return told


def another_version(package, version, folder, change=None):
    """The package as a later release would have it: another number and, by `change`, other files."""
    work = pathlib.Path(folder) / "unpacked"
    subprocess.run(["dpkg-deb", "--raw-extract", package, work], check=True)
    control = work / "DEBIAN/control"
    old = re.search(r"^Version: (.*)$", control.read_text(), re.MULTILINE).group(1)
    control.write_text(control.read_text().replace(old, version))
    if change is not None:
        change(work)
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", work, folder], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(work)


def archive(folder):
    """Makes the folder's packages an archive that apt reads."""
    with open(pathlib.Path(folder) / "Packages", "w") as index:
        subprocess.run(["dpkg-scanpackages", "--multiversion", "."], cwd=folder, stdout=index, stderr=subprocess.DEVNULL, check=True)
