from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite, silent to screen readers: the words stand beside it. `extra` is a CSS class."""
    return _use("vendor/icons.svg", name, f"icon {extra}".strip())


@register.simple_tag
def mark(platform: str) -> SafeString:
    """A platform's own mark, from static/platforms/<slug>.svg."""
    return _use(f"platforms/{platform}.svg", "mark", "icon")


# A month draws some hundred of them.
@cache
def _use(path: str, name: str, css: str) -> SafeString:
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, static(path), name)
