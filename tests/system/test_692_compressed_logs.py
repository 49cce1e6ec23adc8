"""Logs that logrotate compressed, with any of the four formats, are read by replay and why; a damaged or cut one is an error
that names it."""
import bz2
import gzip
import json
import lzma
import os
import subprocess

import pytest

import rig
from rig.daemon import Daemon
from rig.submission_world import POLICY


def zstd(data):
    return subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True, timeout=60).stdout


FORMATS = {"gz": ("gzip", gzip.compress), "xz": ("xz", lzma.compress), "zst": ("zstd", zstd), "bz2": ("bzip2", bz2.compress)}
each_format = pytest.mark.parametrize("ending", FORMATS)


def stamped(number):
    """Line `number` of a log: a refusal of bob's, between what is of no interest."""
    time = f"2026-11-24T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000000+00:00 mx"
    if number % 10:
        return f"{time} postfix/smtpd[{number}]: connect from host{number * 7919 % 10007}.example.net[192.0.2.{number % 250}]\n"
    return (f"{time} mailwicketd[7]: mailwicket: v=1 verdict=refuse reason=send-as-denied mode=enforce stage=RCPT protocol=smtp "
            f"connector=Client client=192.0.2.{number % 250} port=587 tls=TLSv1.3 mechanism=PLAIN login=bob "
            f"sender=x{number}@example.test recipient=bob@example.test decision=submission local=203.0.113.1 "
            f"s_origin=own rule=Client instance=1.{number}\n")


LINES = [stamped(number) for number in range(5000)]
TEXT = "".join(LINES).encode()


@pytest.fixture
def site(folder):
    return Daemon(POLICY, "user bob@example.test login=bob\n", folder, start=False)


def run(site, *words, **options):
    return subprocess.run([str(word) for word in (rig.CLI, "-c", site.policy, "--json", *words)], capture_output=True,
                          timeout=120, **options)


def replay(site, log, **options):
    return run(site, "replay", log, **options)


def why(site, *logs, **options):
    words = [word for log in logs for word in ("--log", log)]
    return run(site, "why", "bob", "--since", "2026-11-23", *words, **options)


def answers(site, log, **options):
    """What replay and why say of it, without its name."""
    replayed, told = replay(site, log, **options), why(site, log, **options)
    assert replayed.returncode == 1 and told.returncode == 0, replayed.stderr + told.stderr
    return json.loads(replayed.stdout), json.loads(told.stdout)["events"]


def write(site, name, data):
    path = site.folder / name
    path.write_bytes(data)
    return path


@each_format
def test_a_compressed_log_answers_as_the_text_does(site, ending):
    plain, packed = write(site, "mail.log", TEXT), write(site, f"packed.{ending}", FORMATS[ending][1](TEXT))
    wanted = replay(site, plain)
    assert json.loads(wanted.stdout)["decisions"] == 500, wanted.stderr
    assert replay(site, packed).stdout == wanted.stdout
    with open(packed, "rb") as log:
        assert replay(site, "-", stdin=log).stdout == wanted.stdout
    told, same = why(site, plain), why(site, packed)
    assert told.returncode == same.returncode == 0, same.stderr
    assert json.loads(told.stdout)["events"] == json.loads(same.stdout)["events"]


@each_format
def test_compressed_logs_that_were_joined_are_one(site, ending):
    pack = FORMATS[ending][1]
    joined = write(site, "joined", pack("".join(LINES[:2000]).encode()) + pack("".join(LINES[2000:]).encode()))
    assert replay(site, joined).stdout == replay(site, write(site, "mail.log", TEXT)).stdout


@each_format
def test_why_finds_the_log_before_rotation(site, ending):
    log = write(site, "mail.log", "".join(LINES[4000:]).encode())
    rotated = write(site, f"mail.log.1.{ending}", FORMATS[ending][1]("".join(LINES[:4000]).encode()))
    older = write(site, f"mail.log.2.{ending}", b"not looked into")
    told = json.loads(why(site, log).stdout)
    assert told["events"] == json.loads(why(site, write(site, "whole.log", TEXT)).stdout)["events"]
    assert any(f"{rotated} was read too" in note for note in told["notes"])
    assert any(f"older lines may be in {older}" in note for note in told["notes"])


def refused(command, site, log, path, name):
    done = command(site, log)
    assert done.returncode == os.EX_DATAERR and done.stdout == b"", done
    assert done.stderr.decode() == f"mailwicket: {command.__name__}: {path}: damaged or incomplete {name} data\n"


@each_format
@pytest.mark.parametrize("text", [TEXT, "".join(LINES[:30]).encode()], ids=["long", "short"])
def test_a_log_that_was_cut_off_is_an_error_that_names_it(site, ending, text):
    name, pack = FORMATS[ending]
    whole = pack(text)
    for left in (len(whole) - 1, len(whole) - 5, len(whole) - 12, len(whole) // 2, len(whole) // 10, 10):
        path = write(site, f"cut.{ending}", whole[:left])
        refused(replay, site, path, path, name)
        refused(why, site, path, path, name)


@each_format
def test_a_log_that_was_damaged_is_an_error_that_names_it(site, ending):
    name, pack = FORMATS[ending]
    whole = pack(TEXT)
    for at in (len(whole) // 4, len(whole) // 2, len(whole) * 3 // 4):
        for changed in (bytes([whole[at] ^ 1]), bytes([whole[at] ^ 0xff]), bytes(100)):
            path = write(site, f"damaged.{ending}", whole[:at] + changed + whole[at + len(changed):])
            refused(replay, site, path, path, name)
            refused(why, site, path, path, name)


@each_format
def test_a_rotated_log_that_was_damaged_is_told_once(site, ending):
    log = write(site, "mail.log", "".join(LINES[4000:]).encode())
    packed = FORMATS[ending][1]("".join(LINES[:4000]).encode())
    rotated = write(site, f"mail.log.1.{ending}", packed[:-20])
    write(site, f"mail.log.2.{ending}", packed)
    refused(why, site, log, rotated, FORMATS[ending][0])


def test_what_cannot_be_unpacked_is_refused_with_what_can(site):
    path = write(site, "mail.log.1.lz4", b"\x04\x22\x4d\x18" + bytes(100))
    for done in (replay(site, path), why(site, path)):
        assert done.returncode == os.EX_DATAERR and done.stderr.decode().count("\n") == 1
        assert "compressed with lz4; decompress it" in done.stderr.decode()
        assert "text, gzip, xz, zstd or bzip2" in done.stderr.decode()


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_text_in_utf_16_is_read(site, order):
    """As Windows writes it, with its mark in front. A half of a pair of surrogates is no character."""
    text = "".join(LINES[:9])
    plain = write(site, "mail-utf8.log", text.encode())
    path = write(site, "mail-utf16.log", ("\ufeff\U0001f4e7 \u00e9\n" + text).replace("\n", "\r\n").encode(order)
                 + b"\xd8\xd8\xdc\xdc")
    assert answers(site, path) == answers(site, plain)
    write(site, "mail-utf16.log", path.read_bytes()[:-1])
    assert why(site, path).returncode == os.EX_DATAERR and b"incomplete UTF-16 data" in why(site, path).stderr


@each_format
@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_compressed_text_in_utf_16_is_read(site, ending, order):
    name, pack = FORMATS[ending]
    text = "".join(LINES[:99])
    packed = pack(("\ufeff" + text.replace("\n", "\r\n")).encode(order))
    assert answers(site, write(site, f"utf16.{ending}", packed)) == answers(site, write(site, "utf8.log", text.encode()))
    path = write(site, f"cut.{ending}", packed[:-12])
    refused(why, site, path, path, name)


def test_a_pipe_is_read_once(site):
    """The shell's <(zcat mail.log.1.gz)."""
    plain = write(site, "mail-pipe.log", "".join(LINES[:9]).encode())
    wanted = answers(site, plain)
    for command, answer in ((replay, lambda told: told), (why, lambda told: told["events"])):
        end, begin = os.pipe()
        os.write(begin, plain.read_bytes())
        os.close(begin)
        done = command(site, f"/dev/fd/{end}", pass_fds=[end])
        os.close(end)
        assert answer(json.loads(done.stdout)) == wanted[command is why]
