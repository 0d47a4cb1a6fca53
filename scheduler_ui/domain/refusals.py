"""Why what a person asked for is not done, in words for that person."""

from django.utils.translation import gettext as _


class Refused(Exception):
    """What a person asked for cannot be done; `str()` is the sentence, `field` the input to mend."""

    def __init__(self, sentence: str, field: str = ""):
        super().__init__(sentence)
        self.field = field


class AlreadyStarted(Refused):
    """A delivery of the post is going out or is out: what was promised can no longer change."""


class InThePast(Refused):
    pass


def started_sentence() -> str:
    return _("It is going out now, so it can no longer change.")
