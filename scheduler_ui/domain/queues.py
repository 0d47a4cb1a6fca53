"""The queue: deliveries by what they come to for a person, in tabs that are counted no further than anybody reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices, Value
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain import zone_data
from scheduler_ui.domain.holds import IS_BRAKED
from scheduler_ui.domain.lateness import IS_SKIPPED
from scheduler_ui.models import WAITING, Account, Delivery, Hold, Post, Status, Workspace

PAGE = 50
# Counting stops here, so that ten thousand rows cost what a thousand do.
COUNTED = 1000


class Tab(TextChoices):
    UPCOMING = "upcoming", _("Upcoming")
    PUBLISHING = "publishing", _("Publishing")
    RETRYING = "retrying", _("Retrying")
    NEEDS_YOU = "needs_you", _("Needs you")
    FAILED = "failed", _("Failed")
    PUBLISHED = "published", _("Published")
    DRAFTS = "drafts", _("Drafts")
    CANCELED = "canceled", _("Canceled")


_HOLDS = {
    Tab.UPCOMING: Q(status=Status.SCHEDULED) & ~IS_BRAKED,
    # A lost answer that Punctual itself is finding out about asks nothing of anybody yet.
    Tab.PUBLISHING: Q(status__in=[Status.PUBLISHING, Status.PROCESSING, Status.UNCONFIRMED])
    & (~Q(status=Status.UNCONFIRMED) | Q(due_at__isnull=False)),
    Tab.RETRYING: Q(status=Status.RETRYING) & ~IS_BRAKED,
    Tab.NEEDS_YOU: Q(status__in=[Status.MISSED, Status.UNCONFIRMED], due_at__isnull=True) & ~IS_SKIPPED
    | (IS_BRAKED & Q(status__in=WAITING)),
    Tab.FAILED: Q(status=Status.FAILED),
    Tab.PUBLISHED: Q(status=Status.PUBLISHED),
    Tab.CANCELED: Q(status__in=[Status.CANCELED, Status.MISSED]) & (Q(status=Status.CANCELED) | IS_SKIPPED),
}
# What is still to come is read from the nearest on; what is over, from the latest back.
SOONEST_FIRST = frozenset({Tab.UPCOMING, Tab.PUBLISHING, Tab.RETRYING})


@dataclass(frozen=True)
class Filter:
    """What of a tab a person wants: words in the text, an account of the workspace, what new time-zone data moved."""

    tab: Tab = Tab.UPCOMING
    words: str = ""
    account: Account | None = None
    moved: str = ""


@dataclass(frozen=True)
class Page:
    """Rows in order; `after` and `before` are what `read` takes to turn over, '' where there is no page."""

    rows: Sequence[Any]
    after: str = ""
    before: str = ""


def attention(workspace: Workspace) -> dict[str, int]:
    """What the navigation counts, up to COUNTED each: failed, needs_you, upcoming. One query."""
    return counts(workspace, (Tab.FAILED, Tab.NEEDS_YOU, Tab.UPCOMING))


def counts(workspace: Workspace, tabs: Sequence[Tab] = tuple(Tab)) -> dict[str, int]:
    """How many rows each tab has, up to COUNTED. One query."""
    columns, params = [], []
    for tab in tabs:
        rows = rows_of(workspace, Filter(tab)).order_by().annotate(one=Value(1)).values_list("one")
        sql, values = rows[:COUNTED].query.sql_with_params()
        columns.append(f"(SELECT COUNT(*) FROM ({sql}) AS {tab.value})")
        params += values
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(columns), params)
        return dict(zip((tab.value for tab in tabs), cursor.fetchone(), strict=True))


def rows_of(workspace: Workspace, chosen: Filter) -> QuerySet[Any]:
    """All rows of a tab that match: deliveries, in the tab of drafts posts."""
    if chosen.tab == Tab.DRAFTS:
        return _drafts(workspace, chosen)
    rows = Delivery.objects.filter(_HOLDS[chosen.tab], workspace=workspace).exclude(hold_reason=Hold.DELETED)
    if chosen.words:
        rows = rows.filter(Q(text__icontains=chosen.words) | Q(text=None, post__text__icontains=chosen.words))
    if chosen.moved:
        rows = rows.filter(post__in=Post.objects.filter(zone_data.moved_by(chosen.moved), workspace=workspace))
    return rows.filter(account=chosen.account) if chosen.account else rows


def read(workspace: Workspace, chosen: Filter, after: str = "", before: str = "") -> Page:
    """One page of a tab, next to the row with that public id; an unknown one gives the first page."""
    if chosen.tab == Tab.DRAFTS:
        rows = rows_of(workspace, chosen).prefetch_related("deliveries__account")
    else:
        rows = rows_of(workspace, chosen).select_related("post", "account")
    page = _page(workspace, rows, chosen, (after, before))
    for row in page.rows:
        row.workspace = workspace
    return page


def _drafts(workspace: Workspace, chosen: Filter) -> QuerySet[Post]:
    deliveries = Delivery.objects.filter(post=OuterRef("pk"))
    if chosen.account:
        is_draft = Q(Exists(deliveries.filter(status=Status.DRAFT, account=chosen.account)))
    else:
        is_draft = Q(Exists(deliveries.filter(status=Status.DRAFT))) | ~Q(Exists(deliveries))
    rows = Post.objects.filter(is_draft, workspace=workspace, deleted_at=None)
    if chosen.moved:
        rows = rows.filter(pk__in=Post.objects.filter(zone_data.moved_by(chosen.moved), workspace=workspace))
    return rows.filter(text__icontains=chosen.words) if chosen.words else rows


def _page(workspace: Workspace, rows: QuerySet[Any], chosen: Filter, ends: tuple[str, str]) -> Page:
    """A page by its neighbour, not by a number of rows to skip: the last page costs what the first does."""
    after, before = ends
    neighbour = None
    if name := before or after:
        neighbour = rows.model.objects.filter(workspace=workspace, public_id=name).first()
    is_back = bool(before) and neighbour is not None
    is_rising = (chosen.tab in SOONEST_FIRST) != is_back
    fields = ["pk"] if chosen.tab == Tab.DRAFTS else ["scheduled_for", "pk"]
    if neighbour is not None:
        rows = rows.filter(_beyond(fields, neighbour, "gt" if is_rising else "lt"))
    found = list(rows.order_by(*(name if is_rising else f"-{name}" for name in fields))[: PAGE + 1])
    has_more, found = len(found) > PAGE, found[:PAGE]
    if is_back:
        found.reverse()
    has_before, has_after = (has_more, True) if is_back else (neighbour is not None, has_more)
    first, last = (found[0].public_id, found[-1].public_id) if found else ("", "")
    return Page(found, last if has_after else "", first if has_before else "")


def _beyond(fields: list[str], neighbour: Any, sign: str) -> Q:
    last = Q(**{f"pk__{sign}": neighbour.pk})
    if len(fields) == 1:
        return last
    at = neighbour.scheduled_for
    # The first term says no more than the rest; it is what lets an index find the place.
    return Q(**{f"scheduled_for__{sign}e": at}) & (Q(**{f"scheduled_for__{sign}": at}) | last)
