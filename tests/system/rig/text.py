"""Texts with a part replaced; the lines of a text that is being written."""


def changed(text, *pairs):
    """With each (old, new) replaced. An old text that is not there would leave a test without its subject."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in\n{text}"
        text = text.replace(old, new)
    return text


def whole_lines(text):
    """Without the last where its end is not written yet: a reader may come into the middle of a write."""
    return text[:text.rfind("\n") + 1].splitlines()
