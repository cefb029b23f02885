"""Recording to be working with a child: which team, then how one is reached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children import refused_fields, words
from gateway.web.pages.about_children.chosen import FIELD, Chosen, pack, unpack, unpacked
from gateway.web.pages.about_children.refusals import SEND, next_act, to_send_again, violations
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.about_children.telephones import grouped
from gateway.web.pages.open_record.view import expired
from gateway.web.pages.start_involvement import form
from gateway.web.pages.start_involvement.form import InvolvementForm
from services.runtime.errors import NotFound, ServiceError

TEAM = "team"
"""What the page that asks for a team keeps: the child, and the beginning of the team's name once it is typed."""
DETAILS = "details"
"""What the page after it keeps: the child and the team."""
STARTED = "started"
"""What the last page keeps: the child and the team's name."""
_MOST_TEAMS = 10


def choose(asked: Asked) -> Response:
    """Take the child, and go on to the team."""
    return asked.go(f"/involvement/team?page={asked.kept.put(TEAM, unpacked(asked.form.one(FIELD)).values)}")


def ask_team(asked: Asked) -> Response:
    """Draw the search for a team, and what it found."""
    return _teams(asked, asked.query("page"), {})


def find_team(asked: Asked) -> Response:
    """Take the beginning of a team's name, and go on to the teams of that name."""
    key = asked.form.one("page")
    typed, wrong = form.read_provider_name(asked.form)
    if wrong:
        return _teams(asked, key, wrong, typed=typed)
    kept = asked.kept.get(TEAM, key)
    asked.kept.drop(key)
    return asked.go(f"/involvement/team?page={asked.kept.put(TEAM, {**kept, 'team': typed})}")


def choose_team(asked: Asked) -> Response:
    """Take the team, and go on to how one is reached."""
    key = asked.form.one("page")
    team = unpack(asked.form.one("provider")) if asked.form.one("provider") else {}
    _, wrong = form.read_provider(str(team.get("id", "")))
    if wrong:
        return _teams(asked, key, wrong)
    kept = asked.kept.get(TEAM, key)
    return asked.go(f"/involvement/details?page={asked.kept.put(DETAILS, {**kept, 'provider': team})}")


def ask_details(asked: Asked) -> Response:
    """Draw the form, with the visitor's own name."""
    return _details(asked, asked.query("page"), InvolvementForm(practitioner=asked.visitor.name), {}, act="")


def start(asked: Asked) -> Response:
    """Record the involvement, and go on to say so; or draw the form again with what was typed."""
    key = asked.form.one("page")
    kept = asked.kept.get(DETAILS, key)
    said, wrong = form.read(asked.form)
    if wrong:
        return _details(asked, key, said, wrong, act=asked.act)
    chosen, team = Chosen.kept(kept), kept["provider"]
    try:
        answer = asked.edge.directory.StartInvolvement(
            form.request(
                said,
                act=asked.act,
                handle=chosen.handle,
                provider_id=team["id"],
                kind=words.kind_under(int(team["kind"])),
            )
        )
    except NotFound:
        return expired(asked)
    except ServiceError as refused:
        return _refused(asked, key, said, refused)
    asked.kept.drop(key)
    done = {**replace(chosen, handle=answer.handle).values, "organisation": team["name"]}
    return asked.go(f"/involvement/started?page={asked.kept.put(STARTED, done)}")


def started(asked: Asked) -> Response:
    """Say that it is recorded, and what to do next."""
    kept = asked.kept.get(STARTED, asked.query("page"))
    return asked.show(
        "start_involvement/started.html",
        heading="Your involvement is recorded",
        shows_child=True,
        is_look=False,
        chosen=Chosen.kept(kept),
        organisation=kept["organisation"],
    )


def _refused(asked: Asked, key: str, said: InvolvementForm, refused: ServiceError) -> Response:
    if any(path == "provider_id" for path, _ in violations(refused)):
        kept = asked.kept.get(DETAILS, key)
        wrong = refused_fields.faults(violations(refused), {"provider_id": "team"}, otherwise="team")
        back = asked.kept.put(TEAM, {name: kept[name] for name in ("handle", "name", "born", "team") if name in kept})
        return _teams(asked, back, wrong)
    if violations(refused):
        wrong = refused_fields.faults(violations(refused), form.PATHS, otherwise="practitioner")
        return _details(asked, key, said, wrong, act=asked.act)
    if wrong := to_send_again(refused):
        return _details(asked, key, said, wrong, act=next_act(refused, asked.act), status=503)
    raise refused


def _teams(asked: Asked, key: str, wrong: Faults, *, typed: str | None = None) -> Response:
    kept = asked.kept.get(TEAM, key)
    name = kept.get("team", "") if typed is None else typed
    found = _found(asked, kept.get("team", ""))
    if wrong and not found and "provider" in wrong:
        wrong = {"team": wrong["provider"]}
    return asked.show(
        "start_involvement/team.html",
        heading="Which team do you work in?",
        status=400 if wrong else 200,
        errors=wrong,
        shows_child=True,
        is_look=False,
        key=key,
        chosen=Chosen.kept(kept),
        team_name=name,
        has_searched=bool(kept.get("team")),
        teams=found[:_MOST_TEAMS],
        has_more=len(found) > _MOST_TEAMS,
    )


def _found(asked: Asked, name: str) -> list[dict[str, Any]]:
    """Return the teams of that name, or, before one is typed, those of the visitor's own organisation."""
    answer = asked.edge.providers.ListProviders(
        pb.ListProvidersRequest(name_starts_with=name, page_size=_MOST_TEAMS + 1, is_own=not name)
    )
    return [
        {
            "name": one.name,
            "what": words.provider(one.kind),
            "telephone": grouped(one.telephone),
            "packed": pack({"id": one.provider_id, "name": one.name, "kind": int(one.kind)}),
        }
        for one in answer.providers
    ]


def _details(
    asked: Asked, key: str, said: InvolvementForm, wrong: Faults, *, act: str, status: int | None = None
) -> Response:
    kept = asked.kept.get(DETAILS, key)
    return asked.show(
        "start_involvement/details.html",
        heading="How can others reach you about this child?",
        status=status or (400 if wrong else 200),
        errors=wrong,
        shows_child=True,
        is_look=False,
        key=key,
        chosen=Chosen.kept(kept),
        organisation=kept["provider"]["name"],
        what=words.provider(int(kept["provider"]["kind"])),
        said=said,
        caf=words.CAF,
        send=SEND,
        act=act,
    )
