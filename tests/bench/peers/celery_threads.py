"""Celery as in `celery_eta`, with a pool of threads."""

from tests.bench.peers import celery_eta


class Peer(celery_eta.Peer):
    title = "Celery, eta, threads"
    pool = "threads"
