"""django-q2, its queue in Redis."""

from tests.bench.peers import django_q

django_q.configure("redis")


class Peer(django_q.DjangoQ):
    title = "django-q2 on Redis"
    module = "django_q_redis"
