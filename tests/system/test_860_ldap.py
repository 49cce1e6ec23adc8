"""OpenLDAP as a source of the directory: the same content as in text, and what is said where a server is not as it should be."""
import json

import pytest

from rig.ldap_source import LdapSource, entry, group, listed, person
from rig.slapd import BLIND, FEW, NOMAIL, SUFFIX
from rig.sources import OTHER, POLICY, SMALL, Files, TextSource, company


@pytest.fixture
def files(folder):
    return Files(folder)


@pytest.fixture
def source(slapd, folder):
    return LdapSource(slapd, folder)


def test_a_thousand_users_are_the_same_as_in_text(files, source, folder):
    text = TextSource(folder)
    text.load(company())
    source.load(company())
    expected = files.publish(text.settings())
    text.load(OTHER)
    assert files.publish(text.settings()) != expected
    assert files.publish(source.settings()) == expected
    source.load(OTHER)
    assert files.publish(source.settings()) != expected
