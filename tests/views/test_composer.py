import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from scheduler_ui.domain import composing
from scheduler_ui.models import Media, Post, Status
from tests.drawings import a_picture, bomb
from tests.factories import NOW, a_post, a_workspace, an_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HTMX = {"HX-Request": "true"}
AT = "2026-11-27T09:00"


def filled(account=None, **values):
    form = {"client_key": "form-1", "text": "Hello", "mode": "at", "local_time": AT, "do": "send"}
    return form | {"timezone": "Europe/Berlin", "accounts": [account.public_id] if account else []} | values


def send(member, form, url=None, **more):
    return member.post(url or reverse("post_new"), form, **more)


def page(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def element(answer, name: str) -> str:
    """The words of the element with that id."""
    found = re.search(rf'<(\w+)[^>]* id="{name}".*?</\1>', page(answer))
    return re.sub(r"<[^>]+>", "", found[0]).strip()


def saved() -> tuple:
    post = Post.objects.get()
    return post.text, post.local_time and post.local_time.isoformat(), [d.status for d in post.deliveries.all()]


def test_new_shows_a_page_or_a_sheet(member, account):
    assert "<!doctype html>" in page(member.get(reverse("post_new")))
    sheet = page(member.get(reverse("post_new"), headers=HTMX))
    assert sheet.startswith('<form class="composer"') or 'data-dialog-class="sheet"' in sheet[:900]
    assert "<!doctype html>" not in sheet


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("at=2026-11-27T09:00", "2026-11-27T09:00"),
        ("day=2026-11-27", "2026-11-27T09:00"),
        ("day=2026-11-23", "2026-11-23T10:00"),
        ("day=2026-11-22", ""),
        ("at=2026-11-27T09:00Z", ""),
        ("at=<script>", ""),
        ("at=9999-12-31T23:59", ""),
        ("day=2026-13-99", ""),
        ("", ""),
    ],
)
def test_new_begins_with_the_time_of_the_address(member, account, query, value):
    assert f'id="local-time" step="60" value="{value}"' in page(member.get(f"{reverse('post_new')}?{query}"))


def test_new_chooses_the_only_account(member, account):
    assert element(member.get(reverse("post_new")), "accounts-count") == "1 of 1 account"
    an_account(account.workspace)
    assert element(member.get(reverse("post_new")), "accounts-count") == "0 of 2 accounts"


def test_new_duplicates_words_and_accounts_but_not_the_time(member, account):
    post = a_post(account.workspace, account, text="Once more")
    answer = member.get(f"{reverse('post_new')}?duplicate={post.public_id}")
    assert "Once more</textarea>" in page(answer)
    assert 'id="local-time" step="60" value=""' in page(answer)


def test_new_without_an_account_offers_to_connect_one(member):
    assert reverse("accounts_connect") in page(member.get(reverse("post_new")))


def test_send_schedules_and_goes_to_the_calendar(member, account):
    answer = send(member, filled(account))
    assert (answer.status_code, answer.url) == (302, reverse("calendar"))
    assert saved() == ("Hello", "2026-11-27T09:00:00", ["scheduled"])


def test_send_into_another_month_goes_to_that_month(member, account):
    answer = send(member, filled(account, local_time="2027-03-28T02:30"))
    assert answer.url == reverse("calendar") + "?date=2027-03-28"


def test_send_from_a_sheet_closes_it_and_says_so(member, account):
    answer = send(member, filled(account, place="sheet"), headers=HTMX)
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "dialog:close")
    assert "It goes out on Friday 27 November at 09:00." in page(answer)


def test_send_from_the_page_leaves_it(member, account):
    assert send(member, filled(account), headers=HTMX)["HX-Redirect"] == reverse("calendar")


def test_send_now_goes_to_the_post_and_is_due_the_next_second(member, account):
    answer = send(member, filled(account, mode="now", local_time=""))
    post = Post.objects.get()
    assert (answer.url, post.scheduled_for) == (reverse("post", args=[post.public_id]), NOW + timedelta(seconds=1))


def test_send_twice_makes_one_post(member, account):
    first, second = (send(member, filled(account)) for _ in range(2))
    assert (first.url, second.url, Post.objects.count()) == (reverse("calendar"), reverse("calendar"), 1)


def test_send_draft_keeps_what_there_is(member):
    answer = send(member, filled(do="draft", local_time=""))
    assert (answer.status_code, saved()) == (302, ("Hello", None, []))


def test_send_keeps_lines_as_platforms_count_them(member, account):
    send(member, filled(account, text="one\r\ntwo\r\n"))
    assert Post.objects.get().text == "one\ntwo\n"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_send_refused_says_it_beside_each_field_and_keeps_what_was_typed(member, account, headers):
    form = filled(account, text="a" * 554, local_time="2026-11-20T09:00")
    answer = send(member, form, headers=headers)
    assert answer.status_code == 422
    assert element(answer, "text-errors").count("54 over the 500 characters of Rehearsal.") == 1
    assert "That time has passed. Choose a later one, or publish now." in page(answer)
    assert element(answer, "todo").startswith("2 things to fix")
    assert Post.objects.count() == 0
    if not headers:
        assert "a" * 554 + "</textarea>" in page(answer)
        assert 'value="2026-11-20T09:00"' in page(answer)


def test_send_nothing_names_every_field(member, account):
    answer = send(member, filled(text=" ", local_time=""))
    assert element(answer, "accounts-errors") == "Choose at least one account."
    assert element(answer, "text-errors") == "Write something, or add a picture."
    assert "Choose a date and a time." in page(answer)


@pytest.mark.parametrize("value", ["tomorrow", "2026-11-27T09:00+01:00", "9999-12-31T23:59", "2026-02-30T09:00"])
def test_send_a_time_that_is_none_is_refused_in_words(member, account, value):
    answer = send(member, filled(account, local_time=value, timezone="America/New_York"))
    assert (answer.status_code, Post.objects.count()) == (422, 0)
    assert "This is no date and time that can be used." in page(answer)


def test_send_an_unknown_zone_is_refused(member, account):
    assert send(member, filled(account, timezone="Mars/Base")).status_code == 422


def test_send_faster_than_one_may_is_told_to_wait(member, account, settings):
    settings.POSTS_PER_MINUTE = 1
    send(member, filled(account))
    answer = send(member, filled(account, client_key="form-2", text="More"))
    assert answer.status_code == 429
    assert element(answer, "form-errors").startswith("That was 1 new posts within a minute. Wait 60 s")
    assert "More</textarea>" in page(answer)


def test_send_a_form_that_was_sent_with_other_words_gets_a_new_name(member, account):
    send(member, filled(account))
    answer = send(member, filled(account, text="Other words"), headers=HTMX)
    assert (answer.status_code, Post.objects.get().text) == (409, "Hello")
    key = re.search(r'name="client_key" id="client-key" value="([^"]+)"', page(answer))[1]
    assert send(member, filled(account, text="Other words", client_key=key)).status_code == 302
    assert sorted(Post.objects.values_list("text", flat=True)) == ["Hello", "Other words"]


def test_send_an_account_of_another_workspace_is_not_chosen(member, account):
    stranger = an_account(a_workspace())
    assert send(member, filled(stranger)).status_code == 422
    send(member, filled(account, do="draft", own=[stranger.public_id], **{f"own_{stranger.public_id}": "theirs"}))
    assert saved() == ("Hello", "2026-11-27T09:00:00", ["draft"])


def test_send_own_texts_only_where_wanted(member, account):
    other = an_account(account.workspace)
    values = {"own": [other.public_id], f"own_{other.public_id}": "Mine", f"own_{account.public_id}": "unticked"}
    send(member, filled(account, **values) | {"accounts": [account.public_id, other.public_id]})
    assert [d.text for d in Post.objects.get().deliveries.order_by("account_id")] == [None, "Mine"]


def test_send_media_in_the_order_of_the_page(member, account):
    rows = [a_file(account.workspace) for _ in range(3)]
    stranger = a_file(a_workspace())
    wanted = [rows[2], rows[0], stranger, rows[2], rows[1]]
    values = {"media": [row.public_id for row in wanted], f"alt_{rows[0].public_id}": " a \n cup "}
    send(member, filled(account, **values))
    attached = [(one.media, one.alt) for one in Post.objects.get().attachments.all()]
    assert attached == [(rows[2], ""), (rows[0], "a cup"), (rows[1], "")]


def a_file(workspace) -> Media:
    return Media.objects.create(
        workspace=workspace, kind="image", name="x", content_type="image/png", bytes=1, file="media/x.png"
    )


def test_send_files_inside_the_form_works_without_scripts(member, account):
    files = [SimpleUploadedFile("cup.jpg", a_picture()), SimpleUploadedFile("two.png", a_picture("PNG"))]
    assert send(member, filled(account, files=files)).status_code == 302
    assert [one.media.name for one in Post.objects.get().attachments.all()] == ["cup.jpg", "two.png"]


def test_send_a_bad_file_inside_the_form_keeps_the_good_one_and_the_words(member, account):
    files = [SimpleUploadedFile("cup.jpg", a_picture()), SimpleUploadedFile("bomb.png", bomb(9_999, 9_999))]
    answer = send(member, filled(account, files=files))
    assert (answer.status_code, Post.objects.count()) == (422, 0)
    sentence = "bomb.png: This picture has more than 50 million pixels. Make it smaller."
    assert element(answer, "media-errors") == sentence
    assert f'name="media" value="{Media.objects.get().public_id}"' in page(answer)
    assert "Hello</textarea>" in page(answer)


def test_send_a_file_larger_than_any_may_be_is_dropped_on_the_way(member, account, settings):
    settings.MAX_IMAGE_MB = settings.MAX_VIDEO_MB = 1
    files = [SimpleUploadedFile("huge.mp4", b"x" * 1_100_000), SimpleUploadedFile("cup.jpg", a_picture())]
    answer = send(member, filled(account, files=files))
    assert (answer.status_code, Media.objects.count()) == (422, 1)
    assert element(answer, "media-errors") == "huge.mp4 is larger than any file may be."


def test_edit_shows_the_post_and_saves_it(member, account):
    send(member, filled(account))
    post = Post.objects.get()
    url = reverse("post_edit", args=[post.public_id])
    assert 'value="2026-11-27T09:00"' in page(member.get(url))
    answer = send(member, filled(account, text="Better", seen=composing.state_of(post), client_key=""), url)
    assert (answer.status_code, saved()[0]) == (302, "Better")


def test_edit_a_post_of_another_zone_shows_the_viewers_clock_and_keeps_its_own(member, account, person):
    send(member, filled(account))
    post = Post.objects.get()
    person.timezone = "America/New_York"
    person.save()
    url = reverse("post_edit", args=[post.public_id])
    answer = member.get(url)
    assert 'value="2026-11-27T03:00"' in page(answer)
    assert "In Berlin, where the post is kept: Friday 27 November, 09:00." in page(answer)
    values = {"local_time": "2026-11-27T03:00", "timezone": "America/New_York", "client_key": "", "text": "Better"}
    send(member, filled(account, **values), url)
    post.refresh_from_db()
    assert (post.text, post.local_time.isoformat(), post.timezone) == ("Better", "2026-11-27T09:00:00", "Europe/Berlin")


def test_edit_what_somebody_changed_meanwhile_says_so_once(member, account):
    send(member, filled(account))
    post = Post.objects.get()
    url, seen = reverse("post_edit", args=[post.public_id]), composing.state_of(post)
    mine = filled(account, text="Mine", client_key="", seen=seen)
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        send(member, mine | {"text": "Theirs"}, url)
    answer = send(member, mine, url, headers=HTMX)
    assert (answer.status_code, Post.objects.get().text) == (409, "Theirs")
    seen = re.search(r'name="seen" id="seen" value="([^"]+)"', page(answer))[1]
    send(member, mine | {"seen": seen}, url)
    assert Post.objects.get().text == "Mine"


def test_edit_what_has_started_goes_to_the_post(member, account):
    post = a_post(account.workspace, account, status=Status.PUBLISHED)
    answer = member.get(reverse("post_edit", args=[post.public_id]))
    assert answer.url == reverse("post", args=[post.public_id])


def test_preview_tells_a_gap_before_it_is_saved(member, account):
    answer = member.post(reverse("composer_preview"), filled(account, local_time="2027-03-28T02:30"), headers=HTMX)
    assert "02:30 does not exist that day in Berlin; it goes out at 03:30." in page(answer)
    assert "Sunday 28 March 2027, 03:30" in element(answer, "told")
    assert Post.objects.count() == 0


def test_preview_touches_no_input_but_the_choice_of_a_gap(member, account):
    answer = member.post(reverse("composer_preview"), filled(account, local_time="2027-03-28T02:30"), headers=HTMX)
    assert set(re.findall(r'<(?:input|textarea)[^>]* name="(\w+)"', page(answer))) == {"fold"}


def test_preview_counts_and_shows_each_account(member, account):
    text = "Save a place: https://harbor.coffee <script>alert(1)</script>"
    answer = member.post(reverse("composer_preview"), filled(account, text=text), headers=HTMX)
    assert element(answer, f"count-{account.public_id}") == f"{len(text)} of 500 characters"
    assert '<span class="facet">https://harbor.coffee</span>' in page(answer)
    assert "<script>" not in page(answer)


@pytest.mark.parametrize("number", [1, 3])
def test_preview_asks_as_much_for_one_account_as_for_many(member, workspace, number, django_assert_num_queries):
    accounts = [an_account(workspace) for _ in range(number)]
    form = filled() | {"accounts": [account.public_id for account in accounts]}
    member.post(reverse("composer_preview"), form, headers=HTMX)
    with django_assert_num_queries(6):
        member.post(reverse("composer_preview"), form, headers=HTMX)


def autosave(member, form):
    answer = member.post(reverse("composer_autosave"), form, headers=HTMX)
    return answer.status_code, json.loads(answer.content)


def test_autosave_makes_one_draft_and_tells_where_it_is(member, account):
    status, told = autosave(member, filled(account, text="H"))
    again, _ = autosave(member, filled(account, seen=told["seen"]))
    post = Post.objects.get()
    assert (status, again, told["url"]) == (200, 200, reverse("post_edit", args=[post.public_id]))
    assert saved() == ("Hello", "2026-11-27T09:00:00", ["draft"])


def test_autosave_leaves_a_scheduled_post_alone(member, account):
    post = a_post(account.workspace, account)
    status, _ = autosave(member, filled(account, post=post.public_id, text="No"))
    post.refresh_from_db()
    assert (status, post.text) == (409, "Winter roast is back on Friday")


def test_autosave_faster_than_one_may_says_when(member, account, settings):
    settings.POSTS_PER_MINUTE = 1
    autosave(member, filled(account))
    status, told = autosave(member, filled(account, client_key="form-2"))
    assert (status, told["seconds"]) == (429, 60)


def test_autosave_signed_out_is_told_so(client, account):
    assert client.post(reverse("composer_autosave"), filled(account), headers=HTMX).status_code == 401


def test_restore_gives_the_form_back_as_it_was(member, account):
    form = filled(account, text="Kept words", local_time="2027-03-28T02:30", fold="earlier")
    answer = member.post(reverse("composer_restore"), form, headers=HTMX)
    assert "Kept words</textarea>" in page(answer)
    assert 'name="fold" value="earlier" checked' in page(answer)
    assert 'id="client-key" value="form-1"' in page(answer)


def test_discard_puts_the_draft_in_the_trash(member, account):
    autosave(member, filled(account))
    answer = member.post(reverse("composer_discard"), filled(account))
    assert (answer.status_code, Post.objects.get().deleted_at) == (302, NOW)


def test_discard_leaves_what_is_scheduled(member, account):
    send(member, filled(account))
    member.post(reverse("composer_discard"), filled(account))
    assert Post.objects.get().deleted_at is None


@pytest.mark.parametrize("name", ["post_edit", "composer_preview", "composer_autosave", "composer_restore"])
def test_a_strangers_post_is_not_there(member, name):
    post = a_post(a_workspace())
    if name == "post_edit":
        assert member.get(reverse(name, args=[post.public_id])).status_code == 404
        assert member.post(reverse(name, args=[post.public_id]), filled()).status_code == 404
    else:
        assert member.post(reverse(name), filled(post=post.public_id)).status_code == 404
    assert member.get(f"{reverse('post_new')}?duplicate={post.public_id}").status_code == 404


@pytest.mark.parametrize("name", ["composer_preview", "composer_autosave", "composer_restore", "composer_discard"])
def test_what_changes_or_reads_a_form_is_post_only(member, name):
    assert member.get(reverse(name)).status_code == 405


def test_a_post_may_have_its_own_late_policy(member, account):
    send(member, filled(account, late="own", late_minutes="5", late_then="skip"))
    post = Post.objects.get()
    assert (post.late_minutes, post.late_then) == (5, "skip")
    shown = page(member.get(reverse("post_edit", args=[post.public_id])))
    assert '<details class="acc" id="late" open>' in shown
    assert "up to 5 min late, then skip it" in page(member.get(reverse("post", args=[post.public_id])))


def test_a_post_follows_the_workspaces_late_policy_unless_it_says_otherwise(member, account):
    send(member, filled(account, late="", late_minutes="5", late_then="skip"))
    post = Post.objects.get()
    assert (post.late_minutes, post.late_then) == (None, "")
    assert "If it is late" not in page(member.get(reverse("post", args=[post.public_id])))
    shown = page(member.get(reverse("post_edit", args=[post.public_id])))
    assert '<details class="acc" id="late">' in shown
    assert "As the workspace: up to 1 h late, then ask" in shown


@pytest.mark.parametrize("minutes", ["", "-1", "10081", "soon"])
def test_a_late_policy_that_is_none_is_refused_beside_its_input(member, account, minutes):
    answer = send(member, filled(account, late="own", late_minutes=minutes, late_then="ask"))
    assert (answer.status_code, Post.objects.count()) == (422, 0)
    assert element(answer, "late-errors") != ""
    assert "Ensure this value" not in page(answer)
    if minutes:
        assert (
            f'name="late_minutes" min="0" max="10080" inputmode="numeric" value="{minutes}"' in answer.content.decode()
        )
