"""Requests share commits; the queue has an end; whoever waits is answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from mai_core.errors import StoreUnavailable
from mai_core.intake.delivery import Delivery, Receipt
from mai_core.intake.group_commit import GroupCommit, QueueFull
from tests.builders import make_observation
from tests.intake.ledgers import delivery


def test_what_comes_during_a_commit_goes_together_with_the_next_one() -> None:
    groups: list[int] = []
    first_is_being_written, may_go_on = threading.Event(), threading.Event()

    def commit(deliveries: Sequence[Delivery]) -> list[Receipt]:
        groups.append(len(deliveries))
        first_is_being_written.set()
        may_go_on.wait(60)
        return [Receipt(new=1) for _ in deliveries]

    async def send() -> list[Receipt]:
        first = writer.submit(delivery(make_observation("gen-0")))
        await asyncio.to_thread(first_is_being_written.wait, 60)
        others = [writer.submit(delivery(make_observation(f"gen-{number}"))) for number in range(1, 6)]
        may_go_on.set()
        return await asyncio.gather(first, *others)

    writer = GroupCommit(commit)
    assert [receipt.new for receipt in asyncio.run(send())] == [1] * 6
    assert (groups, writer.commits, writer.waiting) == ([1, 5], 2, 0)
    writer.close()


def submitted(writer: GroupCommit, *sizes: int) -> list[asyncio.Future[Receipt]]:
    return [writer.submit(delivery(*[make_observation(f"gen-{number}") for number in range(size)])) for size in sizes]


def test_more_than_may_wait_is_refused() -> None:
    may_go_on = threading.Event()

    def commit(deliveries: Sequence[Delivery]) -> list[Receipt]:
        may_go_on.wait(60)
        return [Receipt() for _ in deliveries]

    async def send() -> None:
        waiting = submitted(writer, 1, 1, 1, 1)
        with pytest.raises(QueueFull):
            submitted(writer, 1)
        assert writer.is_full
        may_go_on.set()
        await asyncio.gather(*waiting)
        assert not writer.is_full

    writer = GroupCommit(commit, most_waiting=8)
    asyncio.run(send())
    writer.close()


def test_a_body_larger_than_the_queue_needs_no_empty_one_and_leaves_room_for_others() -> None:
    async def send() -> None:
        await asyncio.gather(*submitted(writer, 1, 100, 1))

    writer = GroupCommit(lambda deliveries: [Receipt() for _ in deliveries], most_waiting=8)
    asyncio.run(send())
    assert writer.waiting == 0
    writer.close()


@pytest.mark.parametrize("error", [StoreUnavailable("busy"), ValueError("a bug")])
def test_a_failed_commit_is_an_answer_to_everybody_in_it_and_the_next_one_is_tried(error: Exception) -> None:
    answers = iter([error, None])

    def commit(deliveries: Sequence[Delivery]) -> list[Receipt]:
        failure = next(answers)
        if failure is not None:
            raise failure
        return [Receipt(new=1) for _ in deliveries]

    async def send() -> Receipt:
        with pytest.raises(StoreUnavailable):
            await writer.submit(delivery(make_observation("gen-a")))
        return await writer.submit(delivery(make_observation("gen-a")))

    writer = GroupCommit(commit)
    assert asyncio.run(send()).new == 1
    writer.close()


def test_closing_writes_what_waits() -> None:
    written: list[int] = []

    def commit(deliveries: Sequence[Delivery]) -> list[Receipt]:
        written.append(len(deliveries))
        return [Receipt() for _ in deliveries]

    async def send_and_leave() -> None:
        for number in range(3):
            writer.submit(delivery(make_observation(f"gen-{number}")))

    writer = GroupCommit(commit)
    asyncio.run(send_and_leave())
    writer.close()
    assert sum(written) == 3


def test_a_sender_that_went_away_does_not_disturb_the_others() -> None:
    async def send() -> Receipt:
        gone = writer.submit(delivery(make_observation("gen-a")))
        gone.cancel()
        return await writer.submit(delivery(make_observation("gen-b")))

    writer = GroupCommit(lambda deliveries: [Receipt(new=1) for _ in deliveries])
    assert asyncio.run(send()).new == 1
    writer.close()
