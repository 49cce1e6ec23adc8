"""The disk of a machine that logs are made on: Debian 12 or 13 with its servers, real mail programs, and Mailwicket built
from this tree and installed as a package would. Made once, below MAILWICKET_CORPUS (default /var/tmp/mailwicket-corpus), by
debootstrap; this machine's own Debian is not changed.
"""
import hashlib
import os
import re
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("MAILWICKET_CORPUS", "/var/tmp/mailwicket-corpus"))
SUITES = {"12": "bookworm", "13": "trixie"}
BUILT = ("shared", "cli", "dovecot-plugin", "postfix-policy", "packaging", "docs/man", "m4", "configure.ac", "Makefile.am")
PACKAGES = """dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-managesieved dovecot-sieve dovecot-submissiond
dovecot-sqlite postfix postfix-pcre postfix-lmdb mutt msmtp fetchmail isync swaks curl claws-mail xvfb xauth iproute2 util-linux
procps systemd openssl ssl-cert ca-certificates sqlite3 libnet-ssleay-perl libauthen-sasl-perl libauthen-ntlm-perl libdigest-hmac-perl
python3 libsasl2-modules"""

# In a namespace of its own, $0 being the image's root.
MOUNTED = """
set -eu
mount -t proc proc "$0/proc"
mount --bind /dev "$0/dev"
mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root
"""

INSTALL = """
[ -e "$0/usr/bin/apt-get" ] || debootstrap --variant=minbase {suite} "$0" {mirror}
""" + MOUNTED + """
printf '#!/bin/sh\\nexit 101\\n' >"$0/usr/sbin/policy-rc.d"
chmod 755 "$0/usr/sbin/policy-rc.d"
for file in /etc/apt/apt.conf.d/*proxy* /etc/resolv.conf; do
	[ ! -e "$file" ] || cp -L --remove-destination "$file" "$0$file"
done
echo "postfix postfix/main_mailer_type select No configuration" | chroot "$0" debconf-set-selections
chroot "$0" apt-get -q update
chroot "$0" apt-get -qy --no-install-recommends install {packages}
"""

BUILD = MOUNTED + """
rm -rf "$0/src"
mkdir -p "$0/src/tree" "$0/src/build"
tar -C "{source}" --exclude=.git -cf - . | tar -C "$0/src/tree" -xf -
chroot "$0" sh -ec '
	cd /src/tree && autoreconf -fi && cd /src/build
	../tree/configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var && make -j2 && make install'
"""


def root(release):
    return FOLDER / f"debian{release}" / "root"


def run(release, script):
    log = root(release).parent / "made.log"
    with open(log, "ab") as out:
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
                               "sh", "-euc", script, root(release)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    assert done.returncode == 0, f"see {log}"


def sources():
    """A sum of everything that is built."""
    summed = hashlib.sha256()
    for name in BUILT:
        path = SOURCE / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                summed.update(f"{file.relative_to(SOURCE)}\n".encode() + file.read_bytes())
    return summed.hexdigest()


def step(release, name, state, script):
    """Once for each `state`."""
    marker = root(release).parent / name
    if not marker.exists() or marker.read_text() != state:
        print(f"Debian {release}: {name}", flush=True)
        run(release, script)
        marker.write_text(state)


def mirror():
    """Of this machine's own sources, as tests/debian13/chroot takes it."""
    texts = [path.read_text() for path in Path("/etc/apt").rglob("*") if path.suffix in (".list", ".sources")]
    found = re.search(r"\bhttps?://\S+/debian/?(?=\s)", "\n".join(texts))
    return os.environ.get("MAILWICKET_DEBIAN_MIRROR") or (found[0] if found else "http://deb.debian.org/debian")


def make(release, rebuild):
    """`rebuild`: Mailwicket too, where its sources have changed; the first time always."""
    root(release).mkdir(parents=True, exist_ok=True)
    build = subprocess.run([SOURCE / "tests/install-dependencies", "--list", "build"], capture_output=True, text=True, check=True)
    packages = " ".join((build.stdout + PACKAGES).split())
    step(release, "installed", packages, INSTALL.format(packages=packages, suite=SUITES[release], mirror=mirror()))
    if rebuild or not (root(release).parent / "built").exists():
        step(release, "built", sources(), BUILD.format(source=SOURCE))
