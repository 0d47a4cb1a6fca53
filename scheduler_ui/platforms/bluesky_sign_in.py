"""From what a person types to a session on the server where the account lives."""

import re
from collections.abc import Mapping
from typing import Any

from scheduler_ui.platforms.base import AccountData
from scheduler_ui.platforms.bluesky_server import DEADLINE, ENTRY, Refused, Server, session_secrets, word
from scheduler_ui.platforms.bluesky_text import HANDLE
from scheduler_ui.platforms.http import Call, Http, raise_for
from scheduler_ui.platforms.outcomes import ConnectError, PlatformError, Rejected, Unauthorized
from scheduler_ui.platforms.words import gettext as _

DIRECTORY = "https://plc.directory"
APP_PASSWORD = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}")


def sign_in(form: Mapping[str, str], http: Http) -> AccountData:
    """One session, to be kept and renewed: signing in is rationed. Raises ConnectError."""
    handle, password = _handle(form.get("handle", "")), form.get("app_password", "").strip()
    if not APP_PASSWORD.fullmatch(password):
        raise ConnectError(_not_an_app_password(), "app_password")
    did, server = _home(form.get("server", ""), handle, http)
    session = _session(Server(http, server), handle, password)
    if session.get("active") is False or (did and session.get("did") != did):
        raise ConnectError(_("That account is not active there."), "handle")
    if server == ENTRY:
        server = home_in(session.get("didDoc")) or server
    secrets = session_secrets(session)
    return AccountData("", word(session, "did"), word(session, "handle"), {"server": server}, secrets)


def _handle(typed: str) -> str:
    """As people copy it: with an @, a link, or signs that nobody sees."""
    handle = re.sub(r"[^\x21-\x7e]", "", typed).lower().removeprefix("https://bsky.app/profile/").strip("@/")
    if not HANDLE.fullmatch(handle):
        raise ConnectError(_("A handle looks like harbor.bsky.social."), "handle")
    return handle


def _home(typed: str, handle: str, http: Http) -> tuple[str, str]:
    """The account's DID ('' = not asked) and server."""
    typed = typed.strip().rstrip("/")
    if typed:
        return "", typed if "://" in typed else f"https://{typed}"
    try:
        return home_of(http, handle)
    except Refused as error:
        raise ConnectError(str(error), "handle") from None
    except PlatformError as error:
        raise ConnectError(str(error)) from None


def home_of(http: Http, handle: str) -> tuple[str, str]:
    """An account's DID and the server that it lives on. Raises a PlatformError."""
    did = str(Server(http, ENTRY).get("com.atproto.identity.resolveHandle", handle=handle).get("did"))
    if did.startswith("did:web:"):
        document = f"https://{did.removeprefix('did:web:')}/.well-known/did.json"
    else:
        document = f"{DIRECTORY}/{did}"
    response = http.send(Call("GET", document, deadline=DEADLINE, is_repeatable=True))
    raise_for(response, _("%(host)s does not know the account.") % {"host": response.call.host})
    home = home_in(response.json())
    if not home:
        raise Rejected(_("The account does not say on which server it lives."), response.answer)
    return did, home


def home_in(document: Any) -> str:
    """The address of an account's server in its DID document, '' where there is none."""
    services = document.get("service") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and str(service.get("id", "")).endswith("#atproto_pds"):
            return str(service.get("serviceEndpoint", "")).rstrip("/")
    return ""


def _session(server: Server, handle: str, password: str) -> dict[str, Any]:
    body = {"identifier": handle, "password": password}
    try:
        return server.post("com.atproto.server.createSession", body, password)
    except (Unauthorized, Rejected) as error:
        is_server = isinstance(error, Rejected) and not isinstance(error, Refused)
        raise ConnectError(str(error), "server" if is_server else "app_password") from None
    except PlatformError as error:
        raise ConnectError(str(error), "server") from None


def _not_an_app_password() -> str:
    return _(
        "This does not look like an app password. Those have four groups of four letters, like abcd-efgh-ijkl-mnop. "
        "You may have typed the password that you sign in with."
    )
