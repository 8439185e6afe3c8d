"""Work beside the finisher's: in order, bounded, and its failures are the finisher's own."""

from __future__ import annotations

import threading

import pytest

from annotations.engine.results.background import Background


def test_deeds_are_done_in_order_and_all_of_them_before_the_end() -> None:
    done: list[int] = []
    with Background(2) as background:
        for number in range(50):
            background.do(lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == list(range(50))


def test_what_a_deed_raises_is_raised_to_the_one_who_asked() -> None:
    def fail() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"), Background(2) as background:
        background.do(fail)


def test_no_more_deeds_wait_than_may() -> None:
    go, asked = threading.Event(), threading.Semaphore(0)

    def wait() -> None:
        go.wait(30)

    def ask() -> None:
        with Background(2) as background:
            for _ in range(4):
                background.do(wait)
                asked.release()

    asking = threading.Thread(target=ask)
    asking.start()
    assert all(asked.acquire(timeout=30) for _ in range(2))
    assert not asked.acquire(timeout=0.2)
    go.set()
    assert all(asked.acquire(timeout=30) for _ in range(2))
    asking.join(30)


def test_a_failure_of_the_caller_is_not_hidden_by_the_deeds() -> None:
    def fail() -> None:
        raise OSError("no space left")

    def finish() -> None:
        with Background(5) as background:
            background.do(fail)
            raise ValueError("unsorted")

    with pytest.raises(ValueError, match="unsorted"):
        finish()
