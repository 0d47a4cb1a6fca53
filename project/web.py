"""gunicorn's hooks. What runs beside the requests starts in its worker: threads do not survive the fork before it."""

import gc

from django.urls import get_resolver


def pre_fork(server, worker) -> None:
    """Load the pages before, and keep the garbage collector from writing to them after: both then share the memory."""
    if not server.cfg.preload_app:
        return  # there is nothing yet to share
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()


def post_worker_init(worker) -> None:
    from scheduler_ui import watch  # only now are the models there

    watch.start()
