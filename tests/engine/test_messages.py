import json
import pickle

import pytest
from huey.registry import Message

from scheduler_ui.engine import messages

MESSAGE = Message("id-1", "scheduler_ui.tasks.deliver_delivery", None, 0, 0, None, (7,), {})


@pytest.fixture
def serializer():
    return messages.SignedJson(["new key", "old key"])


def test_message_comes_back_as_it_went(serializer):
    assert serializer.deserialize(serializer.serialize(MESSAGE)) == MESSAGE


def test_message_signed_with_an_older_key_is_accepted(serializer):
    assert serializer.deserialize(messages.SignedJson(["old key"]).serialize(MESSAGE)) == MESSAGE


@pytest.mark.parametrize(
    "forged",
    [
        messages.SignedJson(["foreign key"]).serialize(MESSAGE),
        pickle.dumps(MESSAGE),
        b"",
        b"garbage",
        b"0" * 64 + json.dumps(["scheduler_ui.tasks.sweep", "x", None, [], {}]).encode(),
    ],
)
def test_message_that_is_not_ours_is_refused_and_counted(serializer, forged):
    messages.refused.take()
    with pytest.raises(messages.Refused):
        serializer.deserialize(forged)
    assert messages.refused.take() == 1


def test_message_changed_under_way_is_refused(serializer):
    data = serializer.serialize(MESSAGE).replace(b"[7]", b"[8]")
    with pytest.raises(messages.Refused):
        serializer.deserialize(data)
