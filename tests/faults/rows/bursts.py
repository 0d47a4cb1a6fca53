"""Many at once: rows 4, 21 and 26."""

from tests.faults.plan import row
from tests.faults.rows import KINDS
from tests.faults.stage import Stage, now, soon


@row(4, "4 workers, 1,000 due in one second", cores=2, seconds=45)
def one_second(stage: Stage) -> None:
    net, count = stage.net(), stage.many(1000, 1000)
    accounts = [stage.account(f"{kind}-{number}", net) for number in range(20) for kind in KINDS]
    for _ in range(4):
        # A crowded machine answers late; that is not what this row is about.
        stage.worker(is_awaited=False, PUBLISH_DEADLINE=f"{20 / stage.scale:g}")
    stage.until(lambda: len(stage.query("SELECT 1 FROM scheduler_ui_worker")) == 4, 60, "four workers beat")
    at = soon(5 + count / 1000)
    stage.posts(accounts, [at] * count)
    stage.insist(at > now(), "everything was scheduled in time")
    stage.settle(seconds=60 + count / 50)
    stage.insist(all(row.status == "published" for row in stage.rows()), "all of them are published")
