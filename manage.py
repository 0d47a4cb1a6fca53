#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from project.start import start

if __name__ == "__main__":
    os.umask(0o077)  # the database and what is uploaded are nobody else's to read, whoever made the folder
    start()
    execute_from_command_line(sys.argv)
