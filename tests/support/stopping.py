"""The operator's stop of a suite's whole service by the real command, and the two custodians' word that ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.settlement.outside import new_key
from tests.architecture.source import ROOT
from tests.support.town import Town

CUSTODIANS = ("custodian", "second.custodian")


def stop_service(town: Town) -> int:
    """Stop the service and return the entry's index."""
    command = [sys.executable, "-m", "services.identity", "stop-service", "--reason", "DRILL", "--config"]
    ended = subprocess.run(
        [*command, str(town.suite.config_file("identity"))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return int(json.loads(ended.stdout)["entry"])


def resume_service(town: Town, custodian: str) -> identity.ResumeServiceResponse:
    """Let one custodian, who signs in while it is stopped, say that it goes on."""
    outside = town.new_seat(custodian).outside
    request = identity.ResumeServiceRequest(idempotency_key=new_key())
    answer = outside.call(outside.administration.ResumeService, request)
    assert isinstance(answer, identity.ResumeServiceResponse)
    return answer


@contextmanager
def stopped(town: Town) -> Iterator[None]:
    """Leave the service running after the block, whatever stopped it."""
    try:
        yield
    finally:
        assert [resume_service(town, name).is_stopped for name in CUSTODIANS] == [True, False]
