#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError, connection

from project.start import start


def main() -> None:
    os.umask(0o077)  # the database and what is uploaded are nobody else's to read, whoever made the folder
    start()
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError):
        if connection.introspection.table_names():
            raise
        sys.exit(
            f"There is no Punctual in the database {connection.settings_dict['NAME']} yet: `make run` sets it up. "
            "Or has this shell not got its settings (.env, ENV_FILE, DATA_DIR)?"
        )


if __name__ == "__main__":
    main()
