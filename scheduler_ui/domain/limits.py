from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Post, User

MINUTE = timedelta(minutes=1)


class TooFast(Refused):
    """A person makes posts faster than one may; `seconds` is how long to wait."""

    def __init__(self, sentence: str, seconds: int):
        super().__init__(sentence)
        self.seconds = seconds


def refuse_haste(person: User, now: datetime) -> None:
    """Raise TooFast when the person has made as many posts within the last minute as one may."""
    most = settings.POSTS_PER_MINUTE
    # The one that must be a minute old before another may come: found in the author's index, not counted.
    newest = Post.objects.filter(author=person).order_by("-pk").values_list("created_at", flat=True)
    oldest = next(iter(newest[most - 1 : most]), None)
    if oldest is None or oldest <= now - MINUTE:
        return
    seconds = max(1, round((oldest + MINUTE - now).total_seconds()))
    sentence = _("That was %(most)s new posts within a minute. Wait %(seconds)s s; what you wrote stays here.")
    raise TooFast(sentence % {"most": most, "seconds": seconds}, seconds)
