"""The project's own settings, and one platform more: the rig's network, which only a fault run can see."""

import sys

from project.settings import *  # noqa: F403
from project.settings import BASE_DIR, STATICFILES_DIRS
from scheduler_ui.platforms import registry

sys.path.insert(0, str(BASE_DIR))  # gunicorn starts from its own folder of commands

from tests.faults.platform import Rig

registry.PLATFORMS[Rig.slug] = Rig
STATICFILES_DIRS += [BASE_DIR / "tests" / "faults" / "static"]
