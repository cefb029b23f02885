"""The main journey, through the containers: enrol, sign in, search, open, home, shield; and one page."""

from __future__ import annotations

import http.client
import ssl
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from contactpoint.directory.v1 import directory_service_pb2 as pb

from deploy.image.engine import NotBuilt
from deploy.local.population.story import Story
from deploy.local.population.story_searches import searches
from deploy.local.settlement.inhabitants import Cast
from deploy.local.settlement.scenarios import search_request, shield_the_limited
from deploy.local.suite import Suite
from deploy.smoke.podman import Podman

_WORRY = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)
_LAUNCH = ("python3", "-I", "-S", "-B", "/opt/contactpoint/launch.py")
_SETTINGS = "/etc/contactpoint/settings/settings.toml"


class PlayedSuite(Suite):
    """The played cluster, as those who settle a deployment see it: an edge, an authority, and an operator's hand."""

    def __init__(self, root: Path, podman: Podman, containers: Mapping[str, str]) -> None:
        super().__init__(root)
        self._podman, self._containers = podman, containers

    def operate(self, process: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of a process's own commands inside its pod, as an operator would."""
        given = [*_LAUNCH, f"services.{process}", *arguments, "--config", _SETTINGS]
        try:
            said = self._podman.run("exec", self._containers[process], *given)
        except NotBuilt as failed:
            return subprocess.CompletedProcess(given, 1, "", str(failed))
        return subprocess.CompletedProcess(given, 0, said, "")


def main_journey(cast: Cast, story: Story, say: Callable[[str], None]) -> None:
    """Have a nurse find a child by a misspelt name, open it, see the home; then hide a child; raises NotBuilt."""
    nurse = cast.signed_in("nurse")
    say("the nurse signed in with password and code")
    rows = nurse.call(nurse.directory.SearchChildren, search_request(searches(story)["nurse"][0].query)).rows
    _expect(len(rows) >= 1, "the search shows the child")
    record = nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(handle=rows[0].handle, reason=_WORRY))
    school = story.worried_about.education.school
    _expect(
        school is not None and record.education.setting.telephone == school.telephone, "the record shows the number"
    )
    say(f"a misspelt name found one of {len(rows)} rows; the record shows whom to telephone")
    home = nurse.call(nurse.directory.OpenHome, pb.OpenHomeRequest(handle=record.handle, reason=_WORRY))
    _expect(home.HasField("address"), "the home shows an address")
    say("a further press with its own reason showed the home")
    shield_the_limited(cast, story)
    row = nurse.call(nurse.directory.SearchChildren, search_request(searches(story)["limited"][0].query)).rows[0]
    hidden = nurse.call(nurse.directory.OpenHome, pb.OpenHomeRequest(handle=row.handle, reason=_WORRY))
    _expect(row.is_limited and hidden.is_limited and not hidden.HasField("address"), "the shielded child has no home")
    say("two officers shielded a child: the nurse's next look shows no home")


def one_page(port: int, host: str, authority: Path, say: Callable[[str], None]) -> None:
    """Ask the pages for the public one, over the browsers' TLS; raises NotBuilt."""
    trusting = ssl.create_default_context(cafile=str(authority))
    connection = _Loopback(host, port, context=trusting, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        # A page without a session leads to the one that says what this is.
        place = answer.getheader("Location", "")
        answer.read()
        if answer.status in {302, 303, 307} and place:
            connection.request("GET", place, headers={"Host": host})
            answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    _expect(
        answer.status == http.HTTPStatus.OK and "govuk" in text, f"the page is a page (it answered {answer.status})"
    )
    say(f"gateway.web served a page of {len(text)} bytes under {host}")


class _Loopback(http.client.HTTPSConnection):
    """Speaks to this machine and asks for the certificate of the host it was given."""

    def connect(self) -> None:
        """Connect as `hosts` would have it."""
        self.sock = self._create_connection(("127.0.0.1", self.port), self.timeout)  # type: ignore[attr-defined]
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)  # type: ignore[attr-defined]


def _expect(holds: bool, claim: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not holds:
        raise NotBuilt(f"Not so: {claim}.")
