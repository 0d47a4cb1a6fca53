from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnly(DefaultAccountAdapter):
    """People come by the set-up link or by an invitation; there is no public sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
