"""Texts with a part replaced."""


def changed(text, *pairs):
    """With each (old, new) replaced. An old text that is not there would leave a test without its subject."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in\n{text}"
        text = text.replace(old, new)
    return text
