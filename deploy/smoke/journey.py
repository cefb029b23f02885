"""The main journey, through the containers: found, enrol, sign in, search, open, home, shield."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.population.story import Story
from deploy.local.population.story_searches import searches
from deploy.local.settlement.inhabitants import Cast
from deploy.local.settlement.outside import Refused, new_key
from deploy.local.settlement.scenarios import search_request, shield_the_limited
from deploy.local.suite import Suite
from deploy.smoke.documented import Documented
from deploy.smoke.pages import expect

_WORRY = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)
# What the page on deploying calls the options of the founding.
_VARIABLES = {
    "--organisation": "DEPARTMENT",
    "--system": "SYSTEM",
    "--name": "NAME",
    "--username": "USERNAME",
    "--email": "ADDRESS",
    "--manager-email": "MANAGER",
}


class PlayedSuite(Suite):
    """The played cluster, as those who settle a deployment see it: an edge, an authority, and an operator's hand."""

    def __init__(self, root: Path, documented: Documented, say: Callable[[str], None]) -> None:
        super().__init__(root)
        self._documented, self._report = documented, say

    def operate(self, process: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Found the service as docs/deploy.md says, and hand on its two mails; raises NotBuilt for any other act."""
        expect((process, *arguments[:1]) == ("identity", "found"), "the operator's one act here is the founding")
        given = dict(zip(arguments[1::2], arguments[2::2], strict=True))
        said = self._documented.run("found", {_VARIABLES[name]: value for name, value in given.items()})
        self._report(f"founded, by the command of docs/deploy.md: {', '.join(json.loads(said))}")
        mailer = self._documented.folder / "mailer"
        mailer.write_text(f'#!/bin/sh\nexec cat > "$(mktemp {self.layout.mail}/handed-on-XXXXXX.eml)"\n')
        mailer.chmod(0o700)
        sent = self._documented.run("mails", {"MAILER": str(mailer)}).split()
        expect(len(sent) == len({"link", "code"}), f"two mails waited ({len(sent)} did)")
        self._report("link and code were handed to a mailer, by the command of docs/deploy.md")
        return subprocess.CompletedProcess(arguments, 0, said, "")


def main_journey(cast: Cast, story: Story, say: Callable[[str], None]) -> None:
    """Have a nurse find a child by a misspelt name, open it, see the home; then hide a child; raises NotBuilt."""
    nurse = cast.signed_in("nurse")
    say("the nurse signed in with password and code")
    rows = nurse.call(nurse.directory.SearchChildren, search_request(searches(story)["nurse"][0].query)).rows
    expect(len(rows) >= 1, "the search shows the child")
    record = nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(handle=rows[0].handle, reason=_WORRY))
    school = story.worried_about.education.school
    expect(school is not None and record.education.setting.telephone == school.telephone, "the record shows the number")
    say(f"a misspelt name found one of {len(rows)} rows; the record shows whom to telephone")
    home = nurse.call(nurse.directory.OpenHome, pb.OpenHomeRequest(handle=record.handle, reason=_WORRY))
    expect(home.HasField("address"), "the home shows an address")
    say("a further press with its own reason showed the home")
    shield_the_limited(cast, story)
    row = nurse.call(nurse.directory.SearchChildren, search_request(searches(story)["limited"][0].query)).rows[0]
    hidden = nurse.call(nurse.directory.OpenHome, pb.OpenHomeRequest(handle=row.handle, reason=_WORRY))
    expect(row.is_limited and hidden.is_limited and not hidden.HasField("address"), "the shielded child has no home")
    say("two officers shielded a child: the nurse's next look shows no home")


def stop(cast: Cast, documented: Documented, say: Callable[[str], None]) -> None:
    """Have the operator stop the whole service, and two custodians let it go on; raises NotBuilt."""
    nurse = cast.signed_in("nurse")
    counted = pb.CountOwnChildrenRequest()
    nurse.call(nurse.directory.CountOwnChildren, counted)
    documented.run("stop")
    refusal = ""
    try:
        nurse.call(nurse.directory.CountOwnChildren, counted)
    except Refused as refused:
        refusal = refused.reason
    expect(refusal == "CONDITION_LAPSED_SERVICE", f"nobody gets further (she was answered with {refusal or 'a count'})")
    say("the operator stopped the service, by the command of docs/deploy.md: the nurse's next call was refused")
    for name, is_stopped in (("custodian", True), ("second.custodian", False)):
        custodian = cast.signed_in(name)
        request = identity.ResumeServiceRequest(idempotency_key=new_key())
        answer = custodian.call(custodian.administration.ResumeService, request)
        expect(answer.is_stopped is is_stopped, "it goes on when two custodians have said so, and not before")
    nurse = cast.signed_in("nurse")
    nurse.call(nurse.directory.CountOwnChildren, counted)
    say("two custodians let it go on; the nurse signed in again")
