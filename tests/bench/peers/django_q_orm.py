"""django-q2, its queue in its tables."""

from tests.bench.peers import django_q

django_q.configure("orm")


class Peer(django_q.DjangoQ):
    title = "django-q2 on SQLite"
    module = "django_q_orm"
