"""Whatever happens in whatever order, no copy is lost and in the end everything is where the plan says.

About a thousand steps, and ten times as many among the slow tests; ARCHIVE_EXAMPLES in the environment makes it longer,
and each example has up to ARCHIVE_STEPS steps.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from tests.archive.machine import ArchiveMachine

EXAMPLES = int(os.environ.get("ARCHIVE_EXAMPLES", "20"))
STEPS = int(os.environ.get("ARCHIVE_STEPS", "50"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("examples", [EXAMPLES, pytest.param(10 * EXAMPLES, marks=pytest.mark.slow)])
def test_no_order_of_events_loses_a_copy_or_leaves_one_in_the_wrong_place(
    plans: None, settings: Settings, examples: int
) -> None:
    ArchiveMachine.settings = settings
    run_state_machine_as_test(
        ArchiveMachine,
        settings=hypothesis_settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
