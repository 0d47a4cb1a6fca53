"""What `make run` must know of the settings, as one line of JSON.

It is read in a process of its own: Django would stay in the supervisor's memory for as long as that runs.
"""

import json
import os
import sys

from django.core.exceptions import ImproperlyConfigured


def main() -> None:
    before = dict(os.environ)
    try:
        from project import settings
    except ImproperlyConfigured as error:
        sys.stderr.write(f"Punctual cannot start: {error}\n")
        sys.exit(1)
    names = ("HOST", "PORT", "PUBLIC_URL")
    known = {name: getattr(settings, name) for name in names} | {"DATA_DIR": str(settings.DATA_DIR)}
    # What the .env file says is for everybody who is started.
    added = {name: value for name, value in os.environ.items() if before.get(name) != value}
    sys.stdout.write(json.dumps({"settings": known, "environment": added}))


if __name__ == "__main__":
    main()
