from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from scheduler_ui.domain import vault
from scheduler_ui.models import Account


class Command(BaseCommand):
    help = "Seal every account's sign-in under the first of TOKEN_KEYS; the keys after it may be removed then."

    def handle(self, **options) -> None:
        sealed = Account.objects.exclude(secrets="").order_by("pk")
        unread = [account for account in sealed.iterator() if not rotate(account)]
        done = sealed.count() - len(unread)
        self.stdout.write(_("Sealed anew: %(count)s.") % {"count": done})
        if unread:
            names = ", ".join(f"{account} ({account.public_id})" for account in unread)
            raise CommandError(_("Under no key that is known, connect again: %(names)s.") % {"names": names})


def rotate(account: Account) -> bool:
    """Reseal what is stored; a worker that renews the sign-in meanwhile is not overwritten, but followed."""
    while account.secrets:
        try:
            rotated = vault.rotate(account.public_id, account.secrets)
        except vault.Tampered:
            return False
        as_read = Account.objects.filter(pk=account.pk, secrets=account.secrets)
        if as_read.update(secrets=rotated) == 1:
            return True
        account.refresh_from_db()
    return True
