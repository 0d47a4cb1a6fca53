"""gunicorn's hooks. What runs beside the requests starts in its worker: threads do not survive the fork before it."""


def post_worker_init(worker) -> None:
    from scheduler_ui import watch  # only now are the models there

    watch.start()
