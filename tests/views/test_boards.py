from django.http import HttpRequest, HttpResponse, QueryDict

from scheduler_ui.views.boards import Poll, quiet


def test_poll_prints_the_attributes_of_a_region():
    printed = str(Poll("/?status=failed&seen=a.1", 10, is_asking=False))
    assert printed == (
        'hx-get="/?status=failed&amp;seen=a.1" hx-trigger="every 10s, app:wake from:body" '
        'hx-swap="outerMorph" hx-sync="this:drop" data-poll'
    )


def test_quiet_leaves_what_is_no_poll_to_the_view():
    request = HttpRequest()
    request.GET = QueryDict("view=week")
    assert quiet(lambda asked: HttpResponse("page"))(request).content == b"page"
