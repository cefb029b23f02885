"""The scenes of the story, in order."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from contactpoint.access.v1 import access_pb2 as access
from contactpoint.audit.review.v1 import review_service_pb2 as review
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.identity.v1 import standing_pb2 as standing
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding
from google.protobuf import json_format

from deploy.local.demo.telling import NotAsTold, Telling, check, in_time, refused
from deploy.local.layout import PROJECT
from deploy.local.population.child import Child
from deploy.local.population.query import Query
from deploy.local.population.story import Story
from deploy.local.population.story_searches import Search
from deploy.local.settlement.inhabitants import Cast
from deploy.local.settlement.outside import Outside, new_key
from deploy.local.settlement.scenarios import search_request

_PUBLISHED_WITHIN_SECONDS = 10.0
_WORRY = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)


@dataclass
class Scenes:
    """The scenes of the story, in order; the nurse stays signed in from the first."""

    telling: Telling
    cast: Cast
    story: Story
    searches: dict[str, tuple[Search, ...]]

    def signing_in(self) -> None:
        """Two factors in one call; a wrong or a used code says nothing."""
        nurse = self.cast.accounts["nurse"]
        self.nurse = self.cast.outside(nurse.organisation)
        with self.telling.step(
            "wrong_code", "the nurse mistypes the code: refused, without a word about which part was wrong"
        ):
            refused("SIGN_IN_REFUSED", lambda: self.nurse.sign_in(nurse, code="000000"))
        code = nurse.code()
        with self.telling.step("sign_in", "she signs in with name, password and code together"):
            self.nurse.sign_in(nurse, code=code)
        with self.telling.step("used_code", "somebody who read the code over her shoulder tries it again: refused"):
            other = self.cast.outside(nurse.organisation)
            refused("SIGN_IN_REFUSED", lambda: other.sign_in(nurse, code=code))

    def searching(self) -> None:
        """Each search of the scenarios, but those of the child who is not limited yet."""
        for scenario, tries in self.searches.items():
            if scenario == "limited":
                continue
            for place, search in enumerate(tries):
                with self.telling.step(
                    f"search_{scenario}_{place}", f"search, {scenario.replace('_', ' ')}: {search.words}"
                ):
                    _as_told(self.nurse, search)

    def telling_apart(self) -> None:
        """Two children of one name and date of birth: the postcode, which no row shows, leaves the right one."""
        search, nurse = self.searches["two_alike"][1], self.nurse
        with self.telling.step("alike_apart", "of two alike it is the one who lives at the postcode given"):
            row = nurse.call(nurse.directory.SearchChildren, search_request(search.query)).rows[0]
            home = nurse.call(nurse.directory.OpenHome, pb.OpenHomeRequest(handle=row.handle, reason=_WORRY))
            check(home.address.postcode == search.query.postcode, "the postcode")

    def opening(self) -> None:
        """The record, then the home by a press of its own."""
        child, nurse = self.story.worried_about, self.nurse
        row = _found(nurse, self.searches["nurse"][0].query, child)
        with self.telling.step("no_reason", "a record without a reason: refused"):
            refused(
                "INVALID_REQUEST",
                lambda: nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(handle=row.handle)),
            )
        with self.telling.step("open", "she states why, and sees who works with the child, and whom to phone"):
            record = nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(handle=row.handle, reason=_WORRY))
            check(record.education.setting.telephone == child.education.school.telephone, "the school's number")  # type: ignore[union-attr]  # she is at school
            check(record.gp_practice.practice.telephone == child.gp.practice.telephone, "the practice's number")  # type: ignore[union-attr]  # she has one
            numbers = {involvement.telephone for involvement in record.involvements}
            check({known.practitioner.telephone for known in child.involvements} <= numbers, "everyone's number")
            check(record.involvements[0].is_lead_professional, "the lead professional first")
            for involvement in record.involvements:
                lead = ", lead professional" if involvement.is_lead_professional else ""
                self.telling.say(
                    f"         {involvement.practitioner}, {involvement.provider.name}{lead}: {involvement.telephone}"
                )
            self.telling.say(f"         {record.education.setting.name}: {record.education.setting.telephone}")
            self.telling.say(f"         {record.gp_practice.practice.name}: {record.gp_practice.practice.telephone}")
        with self.telling.step("home", "one press further, with a reason of its own, the home"):
            home = nurse.call(nurse.directory.OpenHome, pb.OpenHomeRequest(handle=record.handle, reason=_WORRY))
            check(home.address.postcode == child.address.postcode, "the postcode")
            check(len(home.carers) == len(child.carers), "the carers")
        with self.telling.step("by_number", "by number with surname and date of birth; the number alone opens nothing"):
            claim = pb.NumberClaim(number=record.number, surname=child.name.surname, date_of_birth=record.date_of_birth)
            request = pb.OpenRecordRequest(number=claim, reason=_WORRY)
            check(nurse.call(nurse.directory.OpenRecord, request).number == record.number, "the same child")
            claim.surname = "Somebodyelse"
            refused(
                "NOT_FOUND",
                lambda: nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(number=claim, reason=_WORRY)),
            )
        self.number = record.number
        with self.telling.step("involvement", "she records that she works with the child, and confirms it"):
            provider = record.involvements[0].provider
            started = nurse.call(
                nurse.directory.StartInvolvement,
                pb.StartInvolvementRequest(
                    idempotency_key=new_key(),
                    handle=record.handle,
                    kind=pb.INVOLVEMENT_KIND_UNIVERSAL,
                    provider_id=provider.provider_id,
                    practitioner="Grace Okonjo",
                    telephone="0113 496 0777",
                ),
            )
            nurse.call(
                nurse.directory.ConfirmInvolvement,
                pb.ConfirmInvolvementRequest(
                    idempotency_key=new_key(), handle=started.handle, involvement_id=started.involvement_id
                ),
            )
            again = nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(handle=started.handle, reason=_WORRY))
            check(
                any(one.is_own and one.involvement_id == started.involvement_id for one in again.involvements),
                "her own",
            )

    def creating(self) -> None:
        """A child nobody has entered, after a search that found nothing."""
        nurse = self.nurse
        with self.telling.step(
            "create", "nothing found: she creates a record from what she knows, and finds it at once"
        ):
            query = self.searches["none"][0].query
            searched = nurse.call(nurse.directory.SearchChildren, search_request(query))
            name = pb.ChildName(full=pb.FullName(surname=query.surname, given_names=query.given_names))
            created = nurse.call(
                nurse.directory.CreateChild,
                pb.CreateChildRequest(
                    idempotency_key=new_key(),
                    search_handle=searched.search_handle,
                    name=name,
                    date_of_birth=search_request(query).date_of_birth,
                    authority="E08000035",
                ),
            )
            rows = nurse.call(nurse.directory.SearchChildren, search_request(query)).rows
            check(len(rows) == 1, "the new child is found")
            opened = nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(handle=rows[0].handle, reason=_WORRY))
            check(opened.number == created.number, "the same number")

    def shielding(self) -> None:
        """Two officers hide a child; then every search of the scenario, and the record itself."""
        child = self.story.limited
        officer, second = self.cast.signed_in("shield.officer"), self.cast.signed_in("second.officer")
        with self.telling.step(
            "shield", "an officer hides a child at once; she cannot approve it herself; a second officer does"
        ):
            row = _found(officer, self.searches["limited"][0].query, child)
            proposed = officer.call(
                officer.shielding.ProposeShield,
                shielding.ProposeShieldRequest(
                    idempotency_key=new_key(), handle=row.handle, ground=shielding.GROUND_DOMESTIC_ABUSE
                ),
            )

            def approve(who: Outside) -> None:
                request = shielding.ApproveShieldRequest(idempotency_key=new_key(), case_id=proposed.case_id)
                who.call(who.shielding.ApproveShield, request)

            refused("SECOND_OFFICER_NEEDED", lambda: approve(officer))
            approve(second)
        for place, search in enumerate(self.searches["limited"]):
            with self.telling.step(f"search_limited_{place}", f"search for the shielded child: {search.words}"):
                _as_told(self.nurse, search)
        with self.telling.step(
            "open_limited", "the shielded record shows number, name, date of birth and gender, and no home"
        ):
            row = _found(self.nurse, self.searches["limited"][0].query, child)
            check(row.is_limited, "the row says that it is limited")
            request = pb.OpenRecordRequest(handle=row.handle, reason=_WORRY)
            shown = self.nurse.call(self.nurse.directory.OpenRecord, request)
            check(shown.is_limited and not shown.HasField("education") and not shown.involvements, "nothing more")
            check(not shown.former_names, "no former name")
            home = self.nurse.call(
                self.nurse.directory.OpenHome, pb.OpenHomeRequest(handle=shown.handle, reason=_WORRY)
            )
            check(home.is_limited and not home.HasField("address") and not home.carers, "no home")

    def suspending(self) -> None:
        """The very next call of a suspended nurse is refused, and so is her session."""
        auditor, nurse = self.cast.signed_in("auditor"), self.nurse
        administrator = self.cast.signed_in("user.administrator")
        person = self.cast.accounts["nurse"].person_id
        row = _found(nurse, self.searches["unique"][0].query, self.story.unique)
        with self.telling.step("suspend", "the nurse is suspended in mid-session: her very next press is refused"):
            auditor.call(
                auditor.administration.SuspendPerson,
                identity.SuspendPersonRequest(idempotency_key=new_key(), person_id=person),
            )
            refused(
                None,
                lambda: nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(handle=row.handle, reason=_WORRY)),
            )
        with self.telling.step("reinstate", "reinstated, she signs in anew and goes on"):
            administrator.call(
                administrator.administration.ReinstatePerson,
                identity.ReinstatePersonRequest(idempotency_key=new_key(), person_id=person),
            )
            nurse.sign_in(self.cast.accounts["nurse"])
            _found(nurse, self.searches["unique"][0].query, self.story.unique)

    def tampering(self) -> None:
        """What identity's own database administrator can do with a pen."""
        suite, constable = self.cast.suite, self.cast.signed_in("constable")
        person = self.cast.accounts["constable"].person_id
        with self.telling.step("edited_grant", "a grant edited by hand in identity's database releases no key"):
            before = suite.psql(
                "identity", "SELECT bytes FROM standing WHERE party_kind = 'person' AND party_id = %s", person
            )
            edited = _with_another_role(bytes(before[0][0]))
            suite.psql(
                "identity",
                "UPDATE standing SET bytes = %s WHERE party_kind = 'person' AND party_id = %s",
                edited,
                person,
            )
            try:
                refused(
                    None,
                    lambda: constable.call(
                        constable.directory.SearchChildren, search_request(self.searches["unique"][0].query)
                    ),
                )
            finally:
                suite.psql(
                    "identity",
                    "UPDATE standing SET bytes = %s WHERE party_kind = 'person' AND party_id = %s",
                    before[0][0],
                    person,
                )
        with self.telling.step("mended_grant", "with the row as it was, the constable searches"):
            constable.sign_in(self.cast.accounts["constable"])
            _found(constable, self.searches["unique"][0].query, self.story.unique)

    def failing(self) -> None:
        """No entry, no key, no record."""
        nurse, ledger = self.nurse, self.cast.suite.process("audit.ledger")
        self.auditor = self.cast.signed_in("central.auditor")
        row = _found(nurse, self.searches["unique"][0].query, self.story.unique)

        def open_it() -> pb.OpenRecordResponse:
            return nurse.call(nurse.directory.OpenRecord, pb.OpenRecordRequest(handle=row.handle, reason=_WORRY))

        with self.telling.step("ledger_killed", "the ledger is killed: no entry can be written, so no record opens"):
            ledger.stop()
            refused(None, open_it)
        with self.telling.step(
            "ledger_back", "the ledger is back, and so are the records; nobody had to sign in again"
        ):
            ledger.start()
            in_time(open_it)

    def looking_back(self) -> None:
        """Who looked, with proofs; the log verified by an outsider's tool; one flipped byte found."""
        auditor, suite = self.auditor, self.cast.suite
        child = self.story.worried_about
        with self.telling.step(
            "who_looked", "the central auditor sees who looked at the child, each look with its proof"
        ):
            identified = auditor.call(
                auditor.directory.IdentifyChild,
                pb.IdentifyChildRequest(
                    number=self.number,
                    name=pb.ChildName(full=pb.FullName(surname=child.name.surname, given_names=child.name.given_names)),
                    date_of_birth=search_request(self.searches["nurse"][4].query).date_of_birth,
                    reason=pb.Reason(code=pb.REASON_CODE_RECORD_KEEPING),
                ),
            )
            # Each process finds the ledger again by itself, within a second.
            about = review.WhoLookedAtRequest(handle=identified.handle)
            looked = in_time(lambda: auditor.call(auditor.review.WhoLookedAt, about))
            nurse = self.cast.accounts["nurse"].person_id
            check(
                any(look.person == nurse and look.act.endswith("/OpenHome") for look in looked.looks),
                "the nurse's look",
            )
            for look in looked.looks[:4]:
                act = look.act.rsplit("/", 1)[-1]
                self.telling.say(f"         {look.at.ToDatetime():%H:%M:%S} {act} {look.outcome} {look.reason_code}")
        with self.telling.step("own_looks", "the nurse sees her own looks"):
            own = self.nurse.call(self.nurse.review.ListOwnLooks, review.ListOwnLooksRequest())
            check(any(look.act.endswith("/OpenRecord") for look in own.looks), "her opens")
        published = suite.layout.published_log
        with tempfile.TemporaryDirectory(prefix="contactpoint-outsider-") as folder:
            with self.telling.step("log_verified", "an outsider verifies the published log, and the looks in it"):
                proof = Path(folder) / "looks.json"
                proof.write_text(json_format.MessageToJson(looked))
                said = _verified_in_time(published, proof)
                for line in said.strip().splitlines()[1:]:
                    self.telling.say(f"         {line}")
            with self.telling.step("flipped_byte", "one flipped byte in a copy is found, and named"):
                copy = Path(folder) / "flipped"
                shutil.copytree(published, copy)
                tiles = [path for path in (copy / "tile" / "entries").rglob("*") if path.is_file()]
                tile = max(tiles, key=lambda path: path.stat().st_size)
                content = bytearray(tile.read_bytes())
                content[len(content) // 2] ^= 1
                tile.write_bytes(content)
                code, said = _verify(copy)
                check(code == 1, "the verifier finds it")
                self.telling.say(f"         {said.strip().splitlines()[-1]}")


def _as_told(who: Outside, search: Search) -> None:
    if search.is_too_little:
        refused("SEARCH_NEEDS_MORE", lambda: who.call(who.directory.SearchChildren, search_request(search.query)))
        return
    answer = who.call(who.directory.SearchChildren, search_request(search.query))
    check(answer.add_details == search.is_too_many, "too many" if search.is_too_many else "a list")
    told = sorted(_spoken(child) for child in search.finds)
    shown = sorted(_spoken_row(row) for row in answer.rows)
    check(shown == told, f"{len(told)} expected, {len(shown)} shown")


def _found(who: Outside, query: Query, child: Child) -> pb.ChildRow:
    for row in who.call(who.directory.SearchChildren, search_request(query)).rows:
        if _spoken_row(row) == _spoken(child):
            return row
    raise NotAsTold("the child was not found")


def _spoken(child: Child) -> tuple[str, str, int, int, int]:
    born = child.date_of_birth
    return child.name.surname, child.name.given_names, born.year, born.month, born.day


def _spoken_row(row: pb.ChildRow) -> tuple[str, str, int, int, int]:
    name, born = row.name, row.date_of_birth
    surname = name.full.surname or name.single or name.not_yet_named
    return surname, name.full.given_names, born.year, born.month, born.day


def _verify(folder: Path, *more: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "clients.verify_log", "--folder", str(folder), *more],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def _verified_in_time(folder: Path, proof: Path) -> str:
    """Return what the verifier says once the log as far as the proof is published, about a second later."""
    end = time.monotonic() + _PUBLISHED_WITHIN_SECONDS
    while True:
        code, said = _verify(folder, "--entry", str(proof))
        if code == 0:
            return said
        if time.monotonic() > end:
            raise NotAsTold(f"the log does not verify: {said}")
        time.sleep(0.2)


def _with_another_role(stored: bytes) -> bytes:
    edited = standing.PersonStanding.FromString(stored)
    edited.grants[0].role = access.ROLE_SHIELD_OFFICER
    return edited.SerializeToString()
