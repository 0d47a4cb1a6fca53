"""The queue that wakes workers, in a file and on Redis."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from queue import SimpleQueue

import pytest

from scheduler_ui.engine import beats, clock, messages, queues, reach
from scheduler_ui.engine.queues import WakingQueue
from scheduler_ui.engine.reach import Away
from scheduler_ui.engine.stores import FileStore, RedisStore
from scheduler_ui.models import Worker
from tests.rig.processes import wait_for
from tests.rig.servers import Redis


@pytest.fixture(scope="module")
def server():
    with Redis(password="open sesame") as running:
        yield running


@pytest.fixture(params=["file", "redis"])
def store(request, tmp_path):
    if request.param == "file":
        return lambda: FileStore("publish", tmp_path / "queue.sqlite3")
    server = request.getfixturevalue("server")
    with server.client() as client:
        client.flushall()
    return lambda: RedisStore("publish", server.url())


@pytest.fixture
def process(store):
    """Makes queues as several processes would have them, each with what ran there."""

    def make():
        queue = WakingQueue("publish", store(), ["a key"])
        ran = []

        @queue.task(name="run")
        def run(number):
            ran.append(number)

        return queue, run, ran

    return make


@pytest.fixture
def threads():
    """Starts threads that take from a queue and run what they get, as the consumer's do."""
    pool, started = ThreadPoolExecutor(20), []

    def work(queue):
        while (task := queue.take()) is not None:
            queue.execute(task)

    def start(queue, count):
        started.append((queue, count))
        for _ in range(count):
            pool.submit(work, queue)
        assert wait_for(lambda: queue.free() == count, 5)

    yield start
    for queue, count in started:
        queue.release(count)
    pool.shutdown()


def taken(queue, limit=100):
    """The numbers that this process would run now, in their order."""
    found = []
    while len(found) < limit:
        queue.fetch(own=1)
        task = queue.take(wait=False)
        if task is None:
            return found
        found.append(task.args[0])
    return found


def soon(milliseconds):
    return clock.now() + timedelta(milliseconds=milliseconds)


def test_message_waits_for_its_moment_and_another_process_gets_it(process):
    (ours, run, _), (theirs, *_) = process(), process()
    ours.wake([run.s(1, eta=soon(200)), run.s(2, eta=soon(60_000))])
    assert taken(theirs) == []
    assert wait_for(lambda: taken(theirs) == [1], 5)
    assert (theirs.scheduled_count(), theirs.pending_count(), taken(ours)) == (1, 0, [])


def test_what_was_due_first_goes_first(process):
    queue, run, _ = process()
    queue.wake([run.s(3, eta=soon(-1_000)), run.s(2, eta=soon(-2_000))])
    queue.wake([run.s(1, eta=soon(-9_000_000))])
    assert taken(queue) == [1, 2, 3]


def test_due_goes_to_the_free_threads_of_this_process_and_the_rest_to_the_queue(process, threads):
    queue, run, ran = process()
    other, *_ = process()
    gate = threading.Event()

    @queue.task(name="hold")
    def hold():
        gate.wait(10)

    threads(queue, 2)
    queue.wake([hold.s(), hold.s(), run.s(3), run.s(4)])
    assert wait_for(lambda: queue.free() == 0, 5)
    assert queue.pending_count() == 2
    gate.set()
    assert sorted(taken(other) + ran) == [3, 4]


def test_process_takes_no_more_than_it_has_free_threads(process, threads):
    (ours, run, _), (theirs, _, ran) = process(), process()
    ours.wake([run.s(number) for number in range(40)])
    with ThreadPoolExecutor(1):
        theirs.fetch()
        assert (ours.pending_count(), theirs.free()) == (40, 0)
    threads(theirs, 3)
    theirs.look()
    assert wait_for(lambda: sorted(ran) == list(range(40)), 10)


def test_message_is_run_once_by_many_processes(process, threads):
    many = [process() for _ in range(3)]
    for queue, *_ in many:
        threads(queue, 4)
    at = soon(150)
    many[0][0].wake([many[0][1].s(number, eta=at) for number in range(300)])
    deadline = time.monotonic() + 20
    while sum(len(ran) for *_, ran in many) < 300 and time.monotonic() < deadline:
        for queue, *_ in many:
            queue.look()
        time.sleep(0.01)
    assert sorted(number for *_, ran in many for number in ran) == list(range(300))


def test_what_was_fetched_and_not_begun_goes_back_when_the_worker_stops(process):
    (ours, run, _), (theirs, *_) = process(), process()
    ours.wake([run.s(1), run.s(2)])
    theirs.fetch(own=1)
    theirs.release(threads=1)
    assert theirs.take(wait=False) is None
    assert sorted(taken(ours)) == [1, 2]


def test_forged_message_is_thrown_away_and_the_next_one_runs(process):
    queue, run, _ = process()
    queue.storage.push({b"forged": 0.0})
    queue.wake([run.s(7)])
    queue.fetch(own=1)
    with pytest.raises(messages.Refused):
        queue.take(wait=False)
    assert taken(queue) == [7]


def test_next_look_is_when_the_next_message_comes_due(process):
    queue, run, _ = process()
    assert queue.look() == queues.IDLE
    queue.wake([run.s(1, eta=soon(60_000))])
    assert queue.look() == queues.IDLE
    queue.wake([run.s(2, eta=soon(150))])
    assert 0 < queue.look() <= 0.15
    assert wait_for(lambda: queue.look() == queues.BUSY, 5)
    assert taken(queue) == [2]
    assert queue.look() == queues.IDLE


def test_rest_ends_when_something_is_scheduled_here(process):
    queue, run, _ = process()
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(queue.rest, 60)
        queue.wake([run.s(1, eta=soon(500))])
        rest.result(timeout=10)


def test_ten_thousand_messages_move_in_few_steps(process):
    queue, run, _ = process()
    at = soon(-1)
    queue._reach.use(
        lambda: queue.storage.schedule({queue.serialize_task(run.s(n)): at.timestamp() for n in range(10_000)})
    )
    started = time.monotonic()
    while queue.scheduled_count():
        queue.fetch()
    assert (queue.pending_count(), time.monotonic() - started < 5) == (10_000, True)


# --- The file ---


@pytest.fixture
def file(tmp_path):
    return tmp_path / "queue.sqlite3"


@pytest.fixture
def by_file(file):
    def make():
        queue = WakingQueue("publish", FileStore("publish", file), ["a key"])
        return queue, queue.task(name="run")(lambda number: None)

    return make


def test_queue_that_is_not_used_makes_no_file(by_file, file):
    by_file()
    assert not file.exists()


@pytest.mark.parametrize("harm", ["delete", "overwrite", "truncate"])
def test_file_that_is_lost_is_made_anew_by_itself(by_file, file, harm):
    (queue, run), (other, _) = by_file(), by_file()
    lost = []
    queue.when_lost(lambda: lost.append(1))
    queue.wake([run.s(1)])
    other.fetch()
    queue.storage.sql("pragma wal_checkpoint(truncate)")  # or the log would still hold what the file should
    _HARM[harm](file)
    assert wait_for(lambda: all((queue.look(), other.look(), _works(queue, other, run))), 10)
    assert (lost, queue.was_away(30)) == ([1], True)


def test_file_that_is_garbage_at_the_start_is_made_anew(by_file, file):
    file.write_bytes(b"garbage" * 1000)
    (queue, run), (other, _) = by_file(), by_file()
    assert wait_for(lambda: all((queue.look(), _works(queue, other, run))), 10)


def _works(queue, other, run):
    try:
        queue.wake([run.s(5)])
    except Away:
        return False
    return 5 in taken(other)


def _delete(file):
    for path in file.parent.glob("queue.sqlite3*"):
        path.unlink()


_HARM = {
    "delete": _delete,
    "overwrite": lambda file: file.write_bytes(b"\xff" * file.stat().st_size),
    "truncate": lambda file: file.write_bytes(b""),
}


# --- Redis ---


@pytest.fixture
def by_redis():
    with Redis() as own:
        queue = WakingQueue("publish", RedisStore("publish", own.url()), ["a key"])
        yield own, queue, queue.task(name="run")(lambda number: None)


def test_redis_that_is_emptied_is_noticed(by_redis):
    server, queue, run = by_redis
    lost = []
    queue.when_lost(lambda: lost.append(1))
    queue.look()
    queue.look()
    assert lost == [1]
    queue.wake([run.s(1, eta=soon(60_000))])
    with server.client() as client:
        client.flushall()
    queue.look()
    assert (lost, queue.is_away(), queue.was_away(30)) == ([1, 1], False, True)


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_redis_away_is_told_quickly_and_its_return_noticed(by_redis, fault, caplog):
    server, queue, run = by_redis
    queue.look()
    getattr(server, fault)()
    started = time.monotonic()
    for _ in range(20):
        queue.look()
        with pytest.raises(Away):
            queue.wake([run.s(1)])
    assert (queue.is_away(), time.monotonic() - started < 6) == (True, True)
    server.thaw() if fault == "freeze" else server.start()
    started = time.monotonic()
    assert wait_for(lambda: all((queue.look(), not queue.is_away())), 5)
    queue.wake([run.s(2)])
    assert 2 in taken(queue)
    told = [record.message for record in caplog.records if record.name == reach.__name__]
    assert [words.split(" is ")[1].split(" ")[0] for words in told] == ["away", "back"]


def test_worker_keeps_what_is_due_for_its_own_threads_while_redis_is_away(by_redis, threads):
    server, queue, _ = by_redis
    lost, ran = [], []
    note = queue.task(name="note")(ran.append)
    queue.when_lost(lambda: lost.append(1))
    queue.look()
    queue.is_consumed = True
    threads(queue, 2)
    server.kill()
    queue.wake([note.s(1), note.s(2), note.s(3), note.s(4, eta=soon(300)), note.s(5, eta=soon(60_000))])
    assert wait_for(lambda: sorted(ran) == [1, 2, 3, 4], 5)
    queue.look()
    queue.look()
    assert lost == [1, 1]  # once for a queue that was new, once for one that is out of reach


def test_worker_keeps_a_bounded_number_while_redis_is_away(by_redis, monkeypatch):
    server, queue, run = by_redis
    monkeypatch.setattr(queues, "MOST_KEPT", 10)
    queue.is_consumed = True
    server.kill()
    queue.wake([run.s(number) for number in range(30)])
    assert [queue.take(wait=False).args[0] for _ in range(10)] == list(range(10))
    assert queue.take(wait=False) is None


def test_pages_are_told_by_the_beat(db, by_redis, settings):
    server, settings.HUEY, _ = by_redis
    beats.beat(clock.now())
    server.kill()
    settings.HUEY.look()
    told = [Worker.objects.get().is_queue_away]
    beats.beat(clock.now())
    assert [*told, Worker.objects.get().is_queue_away] == [False, True]


def test_full_redis_is_an_absent_one(by_redis):
    server, queue, run = by_redis
    with server.client() as client:
        client.config_set("maxmemory", 1)
    with pytest.raises(Away):
        queue.wake([run.s(1)])
    assert queue.is_away()


def test_worker_ends_although_a_thread_takes_the_last_message_first(by_file):
    queue, _run = by_file()

    class TakenMeanwhile(SimpleQueue):
        def empty(self):
            return False

    queue._ready = TakenMeanwhile()
    end = threading.Thread(target=queue.release, args=(0,), daemon=True)
    end.start()
    end.join(2)
    assert not end.is_alive()


def test_what_was_offered_just_before_the_queue_went_away_is_offered_again(by_file, monkeypatch):
    queue, run = by_file()
    lost = []

    def broken(*_):
        raise OSError("away")

    monkeypatch.setattr(queue.storage, "fetch", broken)
    monkeypatch.setattr(queue.storage, "schedule", broken)
    monkeypatch.setattr(queue, "is_consumed", True)
    queue.when_lost(lambda: lost.append(1))
    queue.look()
    queue.wake([run.s(1, eta=soon(60_000))])
    queue.look()
    assert len(lost) == 2


def test_thread_that_meets_a_backlog_brings_some_for_those_after_it(process):
    (filled, run, _), (queue, *_) = process(), process()
    filled.wake([run.s(number) for number in range(queues.AT_ONCE + 2)])
    queue.fetch(own=1)
    assert queue.take(wait=False) is not None
    assert (queue.pending_count(), queue._ready.qsize()) == (queues.AT_ONCE + 1, 0)

    assert queue.take(wait=False) is not None
    assert (queue.pending_count(), queue._ready.qsize()) == (1, queues.AT_ONCE - 1)
