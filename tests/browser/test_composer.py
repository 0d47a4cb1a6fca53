"""Writing a post as a person does: gaps, pictures, what survives, the sheet, the phone, no scripts."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from scheduler_ui.models import Media, Post, Status
from tests.browser.conftest import PHONE
from tests.drawings import a_picture, bomb
from tests.factories import PASSWORD, a_membership, a_post, a_user, a_workspace, an_account
from tests.films import a_film

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mara():
    return a_user(name="Mara", email="mara@example.org", timezone="Europe/Berlin")


@pytest.fixture
def workspace(mara):
    return a_workspace(mara)


@pytest.fixture
def account(workspace):
    return an_account(workspace, name="Harbor Coffee", handle="@harbor")


@pytest.fixture
def composer(account, mara, sign_in, page) -> Page:
    sign_in(mara)
    page.goto("/posts/new/")
    return page


def text_of(page: Page):
    return page.get_by_label("Text for all accounts")


def picture(name: str, content: bytes | None = None) -> dict:
    return {"name": name, "mimeType": "image/png", "buffer": content or a_picture("PNG", (60, 40))}


def add(page: Page, *files: dict) -> None:
    page.locator("[name=files]").set_input_files(list(files))


def names(page: Page) -> list[str]:
    return page.locator("#media-list .m-h b").all_inner_texts()


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_contain_text("Saved")


def test_composing_across_a_gap(composer, workspace):
    a_membership(a_user(name="Ana", timezone="America/New_York"), workspace)
    text_of(composer).fill("Easter Sunday")
    composer.get_by_label("Date and time").fill("2027-03-28T02:30")
    expect(composer.get_by_text("02:30 does not exist that day in Berlin; it goes out at 03:30.")).to_be_visible()
    expect(composer.locator("#told")).to_contain_text("Sunday 28 March 2027, 03:30 in Berlin")
    expect(composer.locator("#told")).to_contain_text("For Ana in New York: Saturday 27 March, 21:30.")
    expect(composer.locator("#zone")).to_contain_text("UTC+2")

    composer.get_by_role("radio", name="Before it, at 01:30").check()
    expect(composer.locator("#told")).to_contain_text("Sunday 28 March 2027, 01:30 in Berlin")
    composer.get_by_role("button", name="Schedule").click()
    expect(composer.get_by_text("It goes out on Sunday 28 March 2027 at 01:30.")).to_be_visible()
    assert Post.objects.get().scheduled_for == datetime(2027, 3, 28, 0, 30, tzinfo=UTC)


def test_what_is_typed_becomes_a_draft_by_itself(composer):
    text_of(composer).fill("Half a thought")
    saved(composer)
    post = Post.objects.get()
    assert (post.text, [one.status for one in post.deliveries.all()]) == ("Half a thought", [Status.DRAFT])
    expect(composer).to_have_url(re.compile(f"/posts/{post.public_id}/edit/$"))
    text_of(composer).fill("A whole thought")
    composer.reload()
    expect(text_of(composer)).to_have_value("A whole thought")
    assert Post.objects.count() == 1


def test_closing_the_tab_at_once_loses_nothing(composer):
    text_of(composer).fill("Typed and closed")
    composer.close(run_before_unload=True)
    again = composer.context.new_page()
    again.goto("/posts/new/")
    expect(text_of(again)).to_have_value("Typed and closed")


def test_a_server_that_is_away_loses_nothing(composer, allowed_errors):
    allowed_errors += ["ERR_FAILED", "Failed to fetch"]
    composer.route("**/posts/compose/**", lambda route: route.abort())
    text_of(composer).fill("Written on a train")
    expect(composer.locator("#saved")).to_contain_text("Kept in this browser")
    composer.unroute_all()
    composer.goto("/posts/new/")
    expect(text_of(composer)).to_have_value("Written on a train")
    expect(composer.locator("#restore")).to_contain_text("is back")
    saved(composer)
    assert Post.objects.get().text == "Written on a train"


def test_sending_while_the_server_is_away_keeps_everything(composer, allowed_errors):
    allowed_errors += ["ERR_FAILED", "Failed to fetch"]
    text_of(composer).fill("Now or never")
    saved(composer)
    composer.route("**/edit/", lambda route: route.abort())
    composer.route("**/posts/new/", lambda route: route.abort())
    composer.locator("label", has_text="Now").first.click()
    composer.get_by_role("button", name="Publish now").click()
    expect(composer.locator("#offline")).to_be_visible()
    expect(text_of(composer)).to_have_value("Now or never")
    composer.unroute_all()
    composer.get_by_role("button", name="Publish now").click()
    expect(composer.get_by_text("It is going out now.")).to_be_visible()
    assert Post.objects.count() == 1


def test_an_expired_sign_in_loses_nothing(composer, allowed_errors):
    allowed_errors.append("status of 401")
    text_of(composer).fill("Before")
    saved(composer)
    composer.context.clear_cookies(name="sessionid")
    text_of(composer).fill("Before, and after it expired")
    expect(composer.locator("#signed-out")).to_contain_text("You are signed out.")
    composer.get_by_role("link", name="Sign in and go on").click()
    composer.get_by_label("E-mail").fill("mara@example.org")
    composer.get_by_label("Password", exact=True).fill(PASSWORD)
    composer.get_by_role("button", name="Sign in").click()
    expect(text_of(composer)).to_have_value("Before, and after it expired")
    saved(composer)
    assert Post.objects.get().text == "Before, and after it expired"


def test_a_scheduled_post_changes_only_when_one_says_so(composer, workspace, account):
    at = timezone.now().replace(microsecond=0) + timedelta(days=2)
    post = a_post(workspace, account, scheduled_for=at)
    composer.goto(f"/posts/{post.public_id}/edit/")
    text_of(composer).fill("Not yet")
    expect(composer.locator("#saved")).to_contain_text("Kept in this browser")
    composer.reload()
    expect(text_of(composer)).to_have_value("Winter roast is back on Friday")
    expect(composer.locator("#restore")).to_contain_text("not saved")
    composer.get_by_role("button", name="Bring it back").click()
    expect(text_of(composer)).to_have_value("Not yet")
    assert Post.objects.get().text == "Winter roast is back on Friday"
    composer.get_by_role("button", name="Save", exact=True).click()
    expect(composer.get_by_text("It goes out")).to_be_visible()
    assert Post.objects.get().text == "Not yet"


def test_over_a_limit_the_field_says_so_and_an_own_text_mends_it(composer, workspace):
    an_account(workspace, platform="feed", name="Harbor journal")
    composer.reload()
    composer.get_by_role("button", name="Choose all").click()
    text_of(composer).fill("a" * 554)
    expect(composer.locator("#text-errors")).to_contain_text("54 over the 500 characters of Rehearsal.")
    composer.get_by_text("Tomorrow 09:00").click()
    composer.get_by_role("button", name="Schedule").click()
    expect(text_of(composer)).to_be_focused()
    expect(text_of(composer)).to_have_attribute("aria-invalid", "true")
    expect(composer.locator("#todo")).to_contain_text("1 thing to fix")
    assert Post.objects.filter(deliveries__status=Status.SCHEDULED).count() == 0

    composer.get_by_role("button", name="write one for Rehearsal").click()
    own = composer.get_by_label("Text for Harbor Coffee", exact=True)
    expect(own).to_have_value("a" * 554)
    own.fill("Short")
    expect(composer.locator("#text-errors .field-err")).to_have_count(0)
    composer.get_by_role("button", name="Schedule").click()
    expect(composer.get_by_text("It goes out")).to_be_visible()
    assert sorted(one.content[:5] for one in Post.objects.get().deliveries.all()) == ["Short", "aaaaa"]


def test_a_double_click_makes_one_post(composer):
    text_of(composer).fill("Only once")
    composer.get_by_text("Tomorrow 09:00").click()
    composer.get_by_role("button", name="Schedule").dblclick()
    expect(composer.get_by_text("It goes out")).to_be_visible()
    assert Post.objects.count() == 1


def test_pictures_are_added_described_ordered_and_taken_away(composer):
    add(composer, picture("one.png"), picture("two.png"), picture("three.png"))
    expect(composer.locator("#media-list [name=media]")).to_have_count(3)
    composer.get_by_label("Description of two.png").fill("The second one")
    composer.get_by_role("button", name="Move three.png, arrow keys").press("ArrowUp")
    assert names(composer) == ["one.png", "three.png", "two.png"]
    expect(composer.get_by_role("button", name="Move three.png, arrow keys")).to_be_focused()
    composer.get_by_role("button", name="Move two.png up").click()
    assert names(composer) == ["one.png", "two.png", "three.png"]
    composer.get_by_role("button", name="Move one.png, arrow keys").drag_to(composer.locator(".mrow").nth(2))
    assert names(composer) == ["two.png", "three.png", "one.png"]
    composer.get_by_role("button", name="Remove three.png").click()
    text_of(composer).fill("Two pictures")
    composer.locator("label", has_text="Now").first.click()
    composer.get_by_role("button", name="Publish now").click()
    expect(composer.get_by_text("It is going out now.")).to_be_visible()
    attached = [(one.media.name, one.alt) for one in Post.objects.get().attachments.all()]
    assert attached == [("two.png", "The second one"), ("one.png", "")]


def test_a_file_is_dropped_and_one_is_pasted(composer):
    text_of(composer).focus()
    for kind, holder in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        composer.evaluate(
            """([kind, holder, bytes]) => {
              const data = new DataTransfer();
              data.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: "image/png" }));
              const event = new Event(kind, { bubbles: true, cancelable: true });
              Object.defineProperty(event, holder, { value: data });
              document.getElementById("body").dispatchEvent(event);
            }""",
            [kind, holder, list(a_picture("PNG", (9, 9)))],
        )
    expect(composer.locator("#media-list [name=media]")).to_have_count(2)
    assert names(composer) == ["drop.png", "paste.png"]


def test_a_file_that_cannot_be_is_refused_in_words_and_the_rest_stays(composer, allowed_errors):
    allowed_errors += ["status of 422", "status of 413"]
    text_of(composer).fill("Still here")
    add(composer, picture("bomb.png", bomb(9_999, 9_999)), picture("cup.png"))
    expect(composer.get_by_text("This picture has more than 50 million pixels. Make it smaller.")).to_be_visible()
    expect(composer.locator("#media-list [name=media]")).to_have_count(1)
    composer.get_by_role("button", name="Remove this upload").click()
    assert names(composer) == ["cup.png"]
    expect(text_of(composer)).to_have_value("Still here")


def test_sending_waits_for_an_upload(composer):
    composer.route("**/media/upload/", lambda route: (composer.wait_for_timeout(700), route.continue_()))
    text_of(composer).fill("With a film")
    composer.get_by_text("Tomorrow 09:00").click()
    add(composer, {"name": "pour.mp4", "mimeType": "video/mp4", "buffer": a_film()})
    composer.get_by_role("button", name="Schedule").click()
    expect(composer.get_by_text("It goes out")).to_be_visible()
    assert [one.media.name for one in Post.objects.get().attachments.all()] == ["pour.mp4"]


def test_the_sheet_over_the_calendar(account, mara, sign_in, page, axe):
    an_account(account.workspace, platform="feed", name="Harbor journal")
    sign_in(mara)
    page.goto("/")
    loaded = page.evaluate("performance.timeOrigin")
    page.get_by_role("link", name="New post").first.click()
    expect(text_of(page)).to_be_focused()
    text_of(page).fill("From the calendar")
    page.locator("#dialog").get_by_role("checkbox", name="Harbor Coffee").first.check()
    page.get_by_text("Tomorrow 09:00").click()
    expect(page.locator("#told")).to_contain_text("09:00 in Berlin")
    assert axe(page) == []
    page.get_by_role("button", name="Schedule").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.get_by_text("It goes out tomorrow")).to_be_visible()
    assert page.evaluate("performance.timeOrigin") == loaded
    assert Post.objects.get().deliveries.get().status == Status.SCHEDULED


def test_closing_the_sheet_keeps_a_draft_and_the_page_has_it_whole(account, mara, sign_in, page):
    sign_in(mara)
    page.goto("/")
    page.get_by_role("link", name="New post").first.click()
    text_of(page).fill("Never mind")
    page.get_by_role("button", name="Close").first.click()
    expect(page.locator("#dialog")).to_be_hidden()
    page.get_by_role("link", name="New post").first.click()
    text_of(page).fill("On second thought")
    page.get_by_role("button", name="Full page").click()
    expect(page).to_have_url(re.compile(r"/posts/[\w-]+/edit/$"))
    expect(text_of(page)).to_have_value("On second thought")
    assert sorted(Post.objects.values_list("text", flat=True)) == ["Never mind", "On second thought"]


class Held:
    """The first requests to an address, kept on their way until told to go on."""

    def __init__(self, page: Page, address: str, *, count: int = 1) -> None:
        self._page, self._count = page, count
        self._routes: list[Route] = []
        page.route(address, self._meet)

    def _meet(self, route: Route) -> None:
        if len(self._routes) == self._count:
            route.continue_()
        else:
            self._routes.append(route)

    def __getitem__(self, number: int) -> Route:
        for _ in range(500):
            if number < len(self._routes):
                return self._routes[number]
            self._page.wait_for_timeout(20)
        raise AssertionError(f"only {len(self._routes)} were sent")


DRAFTS, KEPT = "**/posts/compose/autosave/", "**/posts/compose/restore/"


def open_sheet(page: Page) -> None:
    page.get_by_role("link", name="New post").first.click()
    expect(text_of(page)).to_be_focused()


def close_sheet(page: Page) -> None:
    page.get_by_role("button", name="Close").first.click()
    expect(page.locator("#dialog")).to_be_hidden()


def test_closed_sheet_that_is_on_its_way_to_the_server_does_not_come_into_the_next(account, mara, sign_in, page):
    sign_in(mara)
    page.goto("/")
    drafts = Held(page, DRAFTS)
    open_sheet(page)
    text_of(page).fill("The first")
    close_sheet(page)
    first = drafts[0]
    open_sheet(page)
    text_of(page).fill("The second")
    saved(page)
    first.continue_()
    page.get_by_role("button", name="Full page").click()
    expect(page).to_have_url(re.compile(r"/posts/[\w-]+/edit/$"))
    expect(text_of(page)).to_have_value("The second")
    assert sorted(Post.objects.values_list("text", flat=True)) == ["The first", "The second"]


def test_what_is_typed_while_a_draft_is_on_its_way_outlives_the_closed_sheet(account, mara, sign_in, page):
    sign_in(mara)
    page.goto("/")
    drafts = Held(page, DRAFTS, count=2)
    open_sheet(page)
    text_of(page).fill("Half")
    half = drafts[0]
    text_of(page).fill("Half and the rest")
    close_sheet(page)
    with page.expect_response(DRAFTS):
        half.continue_()
    with page.expect_response(DRAFTS):
        drafts[1].continue_()
    assert Post.objects.get().text == "Half and the rest"


def test_what_is_typed_while_an_older_text_is_fetched_is_not_replaced_by_it(composer, allowed_errors):
    allowed_errors += ["ERR_FAILED", "Failed to fetch"]
    composer.route(DRAFTS, lambda route: route.abort())
    text_of(composer).fill("Written on a train")
    expect(composer.locator("#saved")).to_contain_text("Kept in this browser")
    composer.unroute_all()

    kept = Held(composer, KEPT)
    composer.goto("/posts/new/")
    fetched = kept[0]
    text_of(composer).fill("At the desk")
    fetched.continue_()
    saved(composer)
    expect(composer.locator("#restore")).to_be_visible()
    expect(text_of(composer)).to_have_value("At the desk")
    composer.unroute_all()

    composer.get_by_role("button", name="Bring it back").click()
    expect(text_of(composer)).to_have_value("Written on a train")
    saved(composer)
    assert sorted(Post.objects.values_list("text", flat=True)) == ["At the desk", "Written on a train"]


def test_discarding_leaves_nothing_but_the_trash(composer):
    text_of(composer).fill("No")
    saved(composer)
    composer.get_by_role("button", name="Discard").click()
    expect(composer.get_by_text("Discarded.")).to_be_visible()
    assert [post.deleted_at is None for post in Post.objects.all()] == [False]


def test_the_keyboard_alone_is_enough(composer, workspace):
    an_account(workspace, platform="feed", name="Harbor journal")
    composer.reload()
    first = composer.get_by_role("checkbox", name="Harbor Coffee").first
    first.focus()
    composer.keyboard.press("Space")
    composer.keyboard.press("Tab")
    composer.keyboard.press("Space")
    composer.get_by_role("tab", name="All accounts").focus()
    composer.keyboard.press("ArrowRight")
    expect(composer.get_by_role("tab", name="Harbor Coffee")).to_be_focused()
    expect(composer.get_by_role("tabpanel")).to_have_count(1)
    composer.keyboard.press("Home")
    composer.keyboard.press("Tab")
    expect(text_of(composer)).to_be_focused()
    composer.keyboard.type("Typed")
    composer.get_by_label("Date and time").press("Enter")
    composer.get_by_role("radio", name="At a time").focus()
    composer.keyboard.press("ArrowLeft")
    composer.keyboard.press("Control+Enter")
    expect(composer.get_by_text("It is going out now.")).to_be_visible()
    assert Post.objects.get().deliveries.count() == 2


def test_the_button_follows_when(composer):
    expect(composer.get_by_role("button", name="Schedule")).to_be_visible()
    composer.locator("label", has_text="Now").first.click()
    expect(composer.get_by_role("button", name="Schedule")).to_be_hidden()
    expect(composer.get_by_role("button", name="Publish now")).to_be_visible()
    expect(composer.locator("#told")).to_contain_text("as soon as you press the button")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_it(account, mara, sign_in, open_page, axe, overflow, scheme, viewport):
    an_account(account.workspace, platform="feed", name="A journal with a long name that has no end to it at all")
    page = sign_in(mara, open_page(color_scheme=scheme, viewport=viewport))
    page.goto("/posts/new/")
    page.get_by_role("button", name="Choose all").click()
    text_of(page).fill("See https://harbor.coffee/" + "a" * 600)
    add(page, picture("a-picture-with-a-rather-long-name-that-goes-on.png"))
    page.get_by_label("Date and time").fill("2027-03-28T02:30")
    expect(page.locator("#gap")).to_be_visible()
    expect(page.locator("#media-list [name=media]")).to_have_count(1)
    saved(page)
    assert (axe(page), overflow(page)) == ([], 0)


def test_accounts_fold_away_on_a_phone(account, mara, sign_in, open_page):
    page = sign_in(mara, open_page(viewport=PHONE))
    page.goto("/posts/new/")
    expect(page.get_by_text("1 of 1 account")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Harbor Coffee")).to_be_hidden()
    page.get_by_text("Publish to").click()
    expect(page.get_by_role("checkbox", name="Harbor Coffee").first).to_be_visible()


def test_without_scripts_it_is_a_plain_form(account, mara, sign_in, open_page):
    page = sign_in(mara, open_page(java_script_enabled=False))
    page.goto("/posts/new/")
    text_of(page).fill("a" * 501)
    page.get_by_label("Date and time").fill("2030-01-07T09:00")
    add(page, picture("cup.png"))
    page.get_by_role("button", name="Schedule").click()
    expect(page.locator("#text-errors")).to_contain_text("1 over the 500 characters of Rehearsal.")
    text_of(page).fill("Plain")
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("It goes out on Monday 7 January 2030 at 09:00.")).to_be_visible()
    post = Post.objects.get()
    assert (post.text, [one.media.name for one in post.attachments.all()], Media.objects.count()) == (
        "Plain",
        ["cup.png"],
        1,
    )
