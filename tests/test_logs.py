import logging
import sys

import pytest

from scheduler_ui.logs import Line, Redact, redact


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Authorization: Bearer abcDEF123.456-789", "Authorization: [masked] [masked]"),
        ("sent with whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "sent with whsec_[masked]"),
        ("token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl refused", "token [masked] refused"),
        ("password=hunter2, user=ada", "password=[masked], user=ada"),
        ('{"accessJwt": "abc", "did": "did:plc:1"}', '{"accessJwt": "[masked]", "did": "did:plc:1"}'),
        ("app password abcd-efgh-ijkl-mnop refused", "app password [masked] refused"),
        ("postgres://ada:hunter2@db/punctual", "postgres://ada:[masked]@db/punctual"),
        ("GET /setup/1xVREu:ke1J0dqtFHj/ 200", "GET /setup/[masked]/ 200"),
        ("GET /join/9aXk2mK9dTfLw0Zb-_q/ 410", "GET /join/[masked]/ 410"),
        ("GET /account/password/reset/key/1-abc123-def/ 200", "GET /account/password/reset/key/[masked]/ 200"),
        ("published Xy7abc to @harbor on bluesky, 0.04 s after its time", None),
        ("worker host-0a1b-42 beats", None),
    ],
)
def test_redact_masks_what_opens_a_door(said: str, kept: str | None) -> None:
    assert redact(said) == (kept or said)


def test_line_is_one_line_with_its_arguments_masked() -> None:
    record = logging.LogRecord("scheduler_ui.engine", logging.INFO, "", 0, "%s said\n%s", ("ada", "token=abc"), None)
    record.created = 1795424400.0416
    assert Redact().filter(record)
    assert Line().format(record) == "2026-11-23T09:00:00.041Z INFO engine: ada said\\ntoken=[masked]"


def test_traceback_is_masked_too() -> None:
    try:
        raise ValueError("Bearer abcdefgh12345")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "broke", (), sys.exc_info())
    Redact().filter(record)
    assert Line().format(record).splitlines()[-1] == "    ValueError: Bearer [masked]"
