from django import template

register = template.Library()


@register.filter
def initials(name: object) -> str:
    """Two letters that stand for a person or an account without a picture."""
    words = [word.lstrip("@#") for word in str(name).partition("@")[0].split() or [str(name).lstrip("@")]]
    letters = [word[0] for word in words if word]
    return ("".join(letters[:2]) if len(letters) > 1 else (words[0][:2] if words else "")).upper()
