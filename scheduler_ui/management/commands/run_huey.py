from huey.contrib.djhuey.management.commands import run_huey


class Command(run_huey.Command):
    """Huey's own. Django's checks would load every page of the site and keep it; `prepare` has run them."""

    requires_system_checks = ()
