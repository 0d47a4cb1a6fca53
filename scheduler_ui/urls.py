"""Every module in `routes` has its own urlpatterns; all of them stand at the root, in the order of their names."""

from importlib import import_module
from pkgutil import iter_modules

from scheduler_ui import routes

urlpatterns = [
    pattern
    for name in sorted(module.name for module in iter_modules(routes.__path__))
    for pattern in import_module(f"scheduler_ui.routes.{name}").urlpatterns
]
