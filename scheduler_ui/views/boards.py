"""How a page stays live: a region asks again by itself, and an answer that would show nothing new is an empty 204.

In the view, outermost, so that an idle poll costs two queries (the session, and one row):

    @boards.quiet
    @member_required
    def queue(request):
        poll = boards.poll(request)  # before the rows are read: a change in between is shown, not lost
        template = "queue/_region.html" if poll.is_asking else "queue/page.html"
        return render(request, template, {"poll": poll, "deliveries": ...})

In the template, on the region's one element, which must keep its id:

    <section id="queue" {{ poll }}>

The region asks for the page's own address (filters and all) with `seen` added, and is morphed into what comes back.
What counts as new: a write to the workspace (`domain.boards.touch`), something coming near, the worker's life, the
switch, the turn of the hour.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.crypto import constant_time_compare
from django.utils.html import format_html

from scheduler_ui.domain import boards
from scheduler_ui.views.members import WORKSPACE_KEY

SEEN = "seen"


@dataclass(frozen=True)
class Poll:
    """Printed in a template, the attributes of a region that asks again by itself."""

    url: str
    seconds: int
    is_asking: bool
    is_without_news: bool = False

    def __str__(self) -> str:
        return format_html(
            'hx-get="{}" hx-trigger="every {}s, app:wake from:body" hx-swap="outerMorph" hx-sync="this:drop" data-poll',
            self.url,
            self.seconds,
        )

    __html__ = __str__


def poll(request: HttpRequest, path: str = "", query: QueryDict | None = None) -> Poll:
    """The state of the member's workspace as of now, to be printed on the region. One query.

    `path` and `query` name the page when an answer to something else carries its region.
    """
    board = request.board = boards.look(request.user.pk, request.member.workspace.public_id, timezone.now())
    asked = (request.GET if query is None else query).copy()
    asked[SEEN] = board.state
    return Poll(
        f"{path or request.path}?{asked.urlencode()}", board.seconds, SEEN in request.GET and bool(request.htmx)
    )


def poll_beyond(request: HttpRequest, figures: str, next_at: datetime | None) -> Poll:
    """Of a page that shows more than its workspace: `figures` differ whenever that does; `next_at` it may do so next.

    Such a view looks first, and answers a poll without news itself.
    """
    here = poll(request)
    state = f"{request.board.state}.{figures}"
    is_known = here.is_asking and request.GET[SEEN] == state
    seconds = min(here.seconds, boards.pace(next_at, timezone.now()))
    return Poll(f"{request.path}?{urlencode({SEEN: state})}", seconds, here.is_asking, is_without_news=is_known)


def poll_elsewhere(request: HttpRequest, path: str) -> Poll:
    """A second region of the page, that asks another address: as of when the first looked, without a second query."""
    board = getattr(request, "board", None)
    if board is None:
        return poll(request, path, QueryDict())
    return Poll(f"{path}?{urlencode({SEEN: board.state})}", board.seconds, is_asking=False)


def quiet(view: Callable) -> Callable:
    """Answer a poll that would show nothing new; whatever is odd about it is left to the view and its sign-in check."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        response = HttpResponse(status=204) if unchanged(request) else view(request, *args, **kwargs)
        # One address answers a page to a browser and a region to a poll.
        patch_vary_headers(response, ["HX-Request"])
        return response

    return answer


def unchanged(request: HttpRequest) -> bool:
    """Whether this is a signed-in member's poll and nothing has changed since what it has seen."""
    seen = request.GET.get(SEEN)
    if not seen or not request.htmx or SESSION_KEY not in request.session:
        return False
    workspace = seen.partition(".")[0]
    board = _look(request, workspace)
    if board is None or board.state != seen or _has_turned(request, workspace):
        return False
    return _is_signed_in(request, board.session_hash)


def _look(request: HttpRequest, workspace: str) -> boards.Board | None:
    return boards.look(int(request.session[SESSION_KEY]), workspace, timezone.now())


def _has_turned(request: HttpRequest, workspace: str) -> bool:
    """Whether the person has opened another of their workspaces since: the page must follow, nothing is new in it."""
    chosen = request.session.get(WORKSPACE_KEY, workspace)
    return chosen != workspace and _look(request, chosen) is not None


def _is_signed_in(request: HttpRequest, session_hash: str) -> bool:
    """What `django.contrib.auth.get_user` checks, without its query."""
    carried = request.session.get(HASH_SESSION_KEY, "")
    is_known = request.session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    return is_known and constant_time_compare(carried, session_hash)
