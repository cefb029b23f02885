"""A ground of a shield in words: each that there is, and one that a restore has lost."""

from __future__ import annotations

import pytest
from contactpoint.shielding.v1 import shielding_service_pb2 as pb

from gateway.web.pages.about_shields.grounds import GROUNDS, written


@pytest.mark.parametrize("code", GROUNDS)
def test_each_ground_has_its_words(code: str) -> None:
    assert written(pb.Ground.Value(f"GROUND_{code}")) == GROUNDS[code]


def test_a_case_made_anew_after_a_restore_says_that_its_ground_is_lost() -> None:
    assert written(pb.GROUND_UNSPECIFIED).startswith("Ground lost in a restore")
