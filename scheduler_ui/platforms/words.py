"""Sentences for people, translated by whoever installs a translator: platforms themselves know none."""

from collections.abc import Callable

_translate: Callable[[str], str] = str


def install(translate: Callable[[str], str]) -> None:
    global _translate
    _translate = translate


def gettext(sentence: str) -> str:
    return _translate(sentence)


def gettext_noop(sentence: str) -> str:
    """Marks what is said at import time and translated where it is shown."""
    return sentence
