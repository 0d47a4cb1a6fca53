"""The queue: deliveries by what they come to for a person, in tabs that are counted no further than anybody reads.

What a page costs does not grow with the table: a tab is read from its index in order, and a search looks through so
many rows at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, F, IntegerField, Max, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from scheduler_ui.domain import pages, zone_data
from scheduler_ui.domain.pages import PAGE as PAGE
from scheduler_ui.domain.pages import Page as Page
from scheduler_ui.domain.pages import Place
from scheduler_ui.models import Account, Delivery, Post, Status, Tab, Workspace

# Counting stops here, so that ten thousand rows cost what a thousand do.
COUNTED = 1000
# Rows that one search reads; whoever wants more of them asks again from where it ended.
LOOKED_THROUGH = 10_000
# What is still to come is read from the nearest on; what is over, from the latest back.
SOONEST_FIRST = frozenset({Tab.UPCOMING, Tab.PUBLISHING, Tab.RETRYING})
_IS_DRAFT = Case(When(status=Status.DRAFT, then=1), default=0, output_field=IntegerField())


@dataclass(frozen=True)
class Filter:
    """What of a tab a person wants: words in the text, an account of the workspace, what new time-zone data moved."""

    tab: Tab = Tab.UPCOMING
    words: str = ""
    account: Account | None = None
    moved: str = ""

    @property
    def is_search(self) -> bool:
        """Whether every row must be looked at, where else an index names those that match."""
        return bool(self.words or self.moved or (self.account and self.tab == Tab.DRAFTS))

    @property
    def order(self) -> Place:
        fields = ("pk",) if self.tab == Tab.DRAFTS else ("scheduled_for", "pk")
        return Place(fields, is_rising=self.tab in SOONEST_FIRST)


def counts(workspace: Workspace, tabs: Sequence[Tab] = tuple(Tab), most: int = COUNTED) -> dict[str, int]:
    """How many rows each tab has, up to `most`. One query."""
    columns: list[str] = []
    params: list[Any] = []
    for tab in tabs:
        chosen = Filter(tab)
        sql, values = countable(chosen.order.ordered(rows_of(workspace, chosen)), most).query.sql_with_params()
        columns.append(f"(SELECT COUNT(*) FROM ({sql}) AS {tab.value})")
        params += values
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(columns), params)
        return dict(zip((tab.value for tab in tabs), cursor.fetchone(), strict=True))


def countable(rows: QuerySet[Any], most: int) -> QuerySet[Any]:
    """So many of the rows at most, and nothing of them read: to be counted.

    Give them in the order of an index: without one a database may try its luck and read the table from its beginning.
    """
    counted: QuerySet[Any] = rows.annotate(one=Value(1)).values_list("one")[:most]
    return counted


class Counted(Subquery):
    """How many rows there are, up to `most`, as a column beside others."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any], most: int):
        super().__init__(countable(rows, most))


def read(workspace: Workspace, chosen: Filter, after: str = "", before: str = "") -> Page:
    """One page of a tab, next to the row with that public id; an unknown one gives the first page.

    A query more for a search, which may end before it has found a whole page.
    """
    everything = rows_of(workspace, chosen)
    neighbours = everything.model.objects.filter(workspace=workspace)
    place = Place.beside(neighbours, (after, before), chosen.order)
    rows, last = _looked_through(everything, place, LOOKED_THROUGH) if chosen.is_search else (everything, None)
    found = list(place.ordered(_joined(_matching(rows, chosen), chosen))[: PAGE + 1])
    for row in found:
        row.workspace = workspace
    return pages.page_of(found, place, last=last, size=PAGE)


def matching(workspace: Workspace, chosen: Filter, most: int) -> tuple[list[Any], bool]:
    """The first rows of a tab that match, with post and account; whether there may be more."""
    rows, last = rows_of(workspace, chosen), None
    if chosen.is_search:
        rows, last = _looked_through(rows, chosen.order, LOOKED_THROUGH * 10)
    found = list(chosen.order.ordered(_joined(_matching(rows, chosen), chosen))[: most + 1])
    return found[:most], last is not None or len(found) > most


def rows_of(workspace: Workspace, chosen: Filter) -> QuerySet[Any]:
    """The rows of a tab, of one account where an index finds those: deliveries, in the tab of drafts posts."""
    if chosen.tab == Tab.DRAFTS:
        posts = Post.objects.filter(workspace=workspace, is_draft=True, deleted_at=None)
        return _with_draft(posts, Delivery.objects.all(), without_any=1)
    rows = Delivery.objects.filter(workspace=workspace, tab=chosen.tab)
    return rows.filter(account=chosen.account) if chosen.account else rows


def _with_draft(posts: QuerySet[Post], deliveries: QuerySet[Delivery], without_any: int) -> QuerySet[Post]:
    """Those of which one of the deliveries is a draft; `without_any` is 1 where one without deliveries counts too."""
    theirs = deliveries.filter(post=OuterRef("pk")).order_by().values("post")
    found = Coalesce(Subquery(theirs.annotate(draft=Max(_IS_DRAFT)).values("draft")), Value(without_any))
    return posts.alias(draft=found).filter(draft=1)


def _looked_through(rows: QuerySet[Any], place: Place, most: int) -> tuple[QuerySet[Any], Any]:
    """So many rows from the place on, and the last of them; no last where these are all that there are."""
    fields = (*(name for name in place.fields if name != "pk"), "pk", "public_id")
    found = list(place.ordered(rows).only(*fields)[most - 1 : most + 1])
    return (rows.filter(place.until(found[0])), found[0]) if len(found) == 2 else (rows, None)


def _matching(rows: QuerySet[Any], chosen: Filter) -> QuerySet[Any]:
    """Each row is looked at by itself, in the order of the tab, whatever a database thinks that it knows of the others.

    As a join or EXISTS, PostgreSQL might read the other table from end to end, and hash it.
    """
    post = "pk" if chosen.tab == Tab.DRAFTS else "post_id"
    if chosen.account and chosen.tab == Tab.DRAFTS:
        rows = _with_draft(rows, Delivery.objects.filter(account=chosen.account), without_any=0)
    if chosen.words and chosen.tab == Tab.DRAFTS:
        rows = rows.filter(text__icontains=chosen.words)
    elif chosen.words:
        posts = Post.objects.filter(pk=OuterRef("post_id")).values("text")
        rows = rows.alias(said=Coalesce(F("text"), Subquery(posts))).filter(said__icontains=chosen.words)
    if chosen.moved:
        moves = zone_data.moves(chosen.moved).filter(post=OuterRef(post)).order_by()
        rows = rows.alias(move=Subquery(moves.values("pk")[:1])).filter(move__isnull=False)
    return rows


def _joined(rows: QuerySet[Any], chosen: Filter) -> QuerySet[Any]:
    if chosen.tab == Tab.DRAFTS:
        return rows.prefetch_related("deliveries__account")
    return rows.select_related("post", "account")
