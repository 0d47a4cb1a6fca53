"""Saying what has just been done, where it can be taken back with an Undo button (30 s)."""

from django.contrib import messages
from django.http import HttpRequest

# How the address travels with the message.
UNDO = "undo:"


def toast(request: HttpRequest, text: str, undo: str = "") -> None:
    """`undo` is the address that takes it back by POST; it answers with a redirect, or a fragment to htmx."""
    messages.success(request, text, extra_tags=f"{UNDO}{undo}" if undo else "")
