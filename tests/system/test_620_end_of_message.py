"""A refusal at END-OF-MESSAGE must not kill smtpd, whatever the client does next.

Postfix before 3.10.13 keeps half a message when it refuses one there: DATA without MAIL then ends it with signal 11, and
where that was the first client of a process, master throttles the listener for a minute. 421 and 521 end the session.
"""
import pytest

import rig
from rig import end_of_message as eom

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

TIMES = 100


@pytest.fixture(scope="module")
def site(module_folder):
    made = eom.make_site(module_folder, at_once=TIMES)
    try:
        yield made.start()
    finally:
        made.stop()


def check_alive(site):
    assert eom.deaths(site) == []
    assert eom.seconds_to_greeting(site) < rig.PATIENCE


@pytest.mark.parametrize("way", eom.WAYS)
def test_smtpd_outlives_a_refusal_and_what_the_client_sends_then(site, way):
    refusal = eom.WAYS[way][-1]
    for _ in range(TIMES):
        assert eom.take(site, way) == (refusal, [])
        assert eom.deaths(site) == []
    check_alive(site)


@pytest.fixture(scope="module")
def impatient(site):
    site.postfix.stop()
    site.replaced = eom.IMPATIENT
    site.configure_postfix()
    site.postfix.start()
    return site


@pytest.mark.parametrize("how", ["stopped", "hanging", "without a directory"])
def test_smtpd_outlives_a_mailwicketd_that_does_not_answer(impatient, how):
    assert eom.take_all_without_mailwicketd(impatient, how, TIMES) == [(eom.AWAY, [])] * TIMES
    check_alive(impatient)
