from django.db import models


class Budget(models.Model):
    """How soon something that is limited per time may happen again, for all workers together.

    `key` names what is limited ("account:12:hour"). `free_at` is the generic cell rate algorithm's theoretical arrival
    time: it moves on by one interval with everything that happens, in one conditional UPDATE.
    """

    key = models.CharField(max_length=120, primary_key=True)
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
