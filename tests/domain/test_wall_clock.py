import csv
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tzdata
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as some

from scheduler_ui.domain import wall_clock
from scheduler_ui.domain.wall_clock import AmbiguousTime, Kind, NonexistentTime, UnknownZone

with (Path(__file__).parent / "tz_cases.csv").open(newline="") as _file:
    CASES = list(csv.DictReader(_file))

ERRORS = {"ERROR:gap": NonexistentTime, "ERROR:overlap": AmbiguousTime}
# Each family of RECUR rows: the rule on naive time. Choosing "last day" keeps the anchor: the last of days 28 to 31.
CLAMPED = "BYMONTHDAY=28,29,30,31;BYSETPOS=-1"
RULES = {
    "daily 01:30": ("2026-10-31T01:30", "FREQ=DAILY"),
    "weekly Sunday": ("2026-10-18T09:00", "FREQ=WEEKLY;BYDAY=SU"),
    "monthly on day 31": ("2027-10-31T09:00", f"FREQ=MONTHLY;{CLAMPED}"),
    "RRULE:FREQ=MONTHLY;BYMONTHDAY=31": ("2027-01-31T09:00", "FREQ=MONTHLY;BYMONTHDAY=31"),
    "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1": ("2028-01-31T09:00", "FREQ=MONTHLY;BYMONTHDAY=-1"),
    "RRULE:FREQ=YEARLY": ("2024-02-29T09:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
    "yearly from 2024-02-29 clamp": ("2025-02-28T09:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
    "RRULE:FREQ=MONTHLY;BYDAY=-1FR": ("2027-01-29T18:00", "FREQ=MONTHLY;BYDAY=-1FR"),
}
RECURRING = [case for case in CASES if "RECUR" in case["note"]]

EARLIEST, LATEST = datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2090-01-01")
zones = some.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime"}))
locals_ = some.datetimes(EARLIEST, LATEST).map(lambda local: local.replace(microsecond=0))
instants = locals_.map(lambda local: local.replace(tzinfo=UTC))
policies = some.sampled_from(["compatible", "earlier", "later"])


def at(text):
    return datetime.fromisoformat(text)


def name(case):
    return f"{case['zone']} {case['local']} {case['fold_policy']}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_to_utc_is_what_the_case_says(case):
    local = datetime.fromisoformat(case["local"])
    if case["expected_utc"] in ERRORS:
        with pytest.raises(ERRORS[case["expected_utc"]]):
            wall_clock.to_utc(local, case["zone"], case["fold_policy"])
        return
    expected = datetime.fromisoformat(case["expected_utc"])
    assert wall_clock.to_utc(local, case["zone"], case["fold_policy"]) == expected


@pytest.mark.parametrize("case", CASES, ids=name)
def test_kind_is_what_the_case_says(case):
    marks = {kind for kind in (Kind.GAP, Kind.OVERLAP) if f"[{kind}]" in case["note"]}
    expected = marks.pop() if marks else Kind.PLAIN
    assert wall_clock.kind_of(datetime.fromisoformat(case["local"]), case["zone"]) == expected


@pytest.mark.parametrize("case", RECURRING, ids=name)
def test_recurring_keeps_the_wall_time_and_happens_once(case):
    rule_name, number = case["note"].split("RECUR ")[1].rsplit(" #", 1)
    start, rule = next(value for prefix, value in RULES.items() if rule_name.startswith(prefix))
    found = list(rrulestr(f"{rule};COUNT=8", dtstart=datetime.fromisoformat(start)))
    due = [wall_clock.to_utc(local, case["zone"]) for local in found]
    assert found[int(number) - 1] == datetime.fromisoformat(case["local"])
    assert due[int(number) - 1] == datetime.fromisoformat(case["expected_utc"])
    assert len(set(due)) == len(found)


def test_zone_data_is_the_package_and_not_the_system():
    assert zoneinfo.TZPATH == ()
    assert wall_clock.tzdata_version() == tzdata.IANA_VERSION
    assert tzdata.IANA_VERSION >= "2026"


@pytest.mark.parametrize("zone", ["Mars/Base", "", "America", "../etc/passwd", "/etc/localtime", "Europe/Ber\0lin"])
def test_unknown_zone_is_told(zone):
    with pytest.raises(UnknownZone):
        wall_clock.to_utc(at("2026-11-01T00:00"), zone)


@pytest.mark.parametrize("alias", ["Asia/Calcutta", "US/Pacific", "Europe/Kiev"])
def test_old_alias_is_known(alias):
    assert wall_clock.zone_of(alias).key == alias


def test_aware_time_is_refused():
    with pytest.raises(ValueError, match="no zone of its own"):
        wall_clock.to_utc(datetime(2026, 11, 1, tzinfo=UTC), "UTC")


@pytest.mark.parametrize("local", ["9999-12-31T23:00", "9999-12-31T10:00", "9999-01-01T00:00", "0001-12-31T00:00"])
def test_time_that_some_clock_could_not_show_does_not_exist(local):
    with pytest.raises(NonexistentTime):
        wall_clock.to_utc(at(local), "America/New_York")


@given(instants, zones)
def test_there_and_back_is_the_same_instant(instant, zone):
    local, fold = wall_clock.to_local(instant, zone)
    assert wall_clock.to_utc(local, zone, "later" if fold else "earlier") == instant


@given(locals_, zones)
def test_back_and_there_is_the_same_local_time_outside_gaps(local, zone):
    back = wall_clock.to_local(wall_clock.to_utc(local, zone), zone)[0]
    assert (back == local) == (wall_clock.kind_of(local, zone) != Kind.GAP)


@given(locals_, some.integers(1, 172_800), zones)
def test_compatible_never_runs_backwards_away_from_gaps(local, seconds, zone):
    later = local + timedelta(seconds=seconds)
    if Kind.GAP in {wall_clock.kind_of(local, zone), wall_clock.kind_of(later, zone)}:
        return
    assert wall_clock.to_utc(local, zone) < wall_clock.to_utc(later, zone)


@given(locals_, zones, policies)
def test_recomputing_changes_nothing(local, zone, policy):
    assert wall_clock.to_utc(local, zone, policy) == wall_clock.to_utc(local, zone, policy)


@given(locals_, zones)
def test_earlier_is_never_after_later(local, zone):
    earlier, later = (wall_clock.to_utc(local, zone, policy) for policy in ("earlier", "later"))
    assert (earlier == later) == (wall_clock.kind_of(local, zone) == Kind.PLAIN)
    assert earlier <= wall_clock.to_utc(local, zone) <= later


def test_gap_is_explained():
    reading = wall_clock.explain(at("2027-03-14T02:30"), "America/New_York")
    assert reading.kind == Kind.GAP
    assert reading.local == at("2027-03-14T03:30")
    assert reading.sentence == "02:30 does not exist that day in New York; it goes out at 03:30."
    assert reading.choices == (("compatible", "At 03:30"), ("earlier", "Before it, at 01:30"))


def test_gap_over_midnight_names_the_day():
    reading = wall_clock.explain(at("2027-03-27T23:30"), "America/Nuuk", clock="12")
    assert reading.sentence == "11:30 pm does not exist that day in Nuuk; it goes out on 28 March at 12:30 am."


def test_overlap_offers_the_first_and_the_second():
    reading = wall_clock.explain(at("2026-11-01T01:30"), "America/New_York", "later")
    assert reading.sentence == "01:30 happens twice that day in New York."
    assert reading.choices == (("earlier", "The first 01:30 (UTC-4)"), ("later", "The second 01:30 (UTC-5)"))
    assert reading.instant == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_plain_time_needs_no_words():
    reading = wall_clock.explain(at("2026-11-02T09:00"), "Europe/Berlin")
    assert (reading.kind, reading.sentence, reading.choices) == (Kind.PLAIN, "", ())


@pytest.mark.parametrize(
    ("hour", "clock", "expected"),
    [(0, "24", "00:05"), (17, "24", "17:05"), (0, "12", "12:05 am"), (12, "12", "12:05 pm"), (17, "12", "5:05 pm")],
)
def test_face_is_the_persons_clock(hour, clock, expected):
    assert wall_clock.face(at(f"2026-11-02T{hour:02}:05"), clock) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("UTC", "UTC"), ("Europe/Berlin", "UTC+1"), ("America/St_Johns", "UTC-3:30"), ("Asia/Kathmandu", "UTC+5:45")],
)
def test_offset_is_named(zone, expected):
    assert wall_clock.offset_name(datetime(2026, 11, 23, tzinfo=UTC), zone) == expected
