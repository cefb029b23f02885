"""What a client can try against a running suite: searches, and what each must show, as plain values."""

from __future__ import annotations

from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding

from deploy.local.population.child import Child
from deploy.local.population.query import Query
from deploy.local.population.story import Story
from deploy.local.population.story_searches import searches
from deploy.local.settlement.inhabitants import Cast
from deploy.local.settlement.outside import new_key


def search_request(query: Query) -> pb.SearchChildrenRequest:
    """Return a query for the wire."""
    request = pb.SearchChildrenRequest(
        surname=query.surname,
        given_names=query.given_names,
        postcode=query.postcode,
        not_yet_named=query.is_not_yet_named,
    )
    born = query.date_of_birth
    if born is not None:
        request.date_of_birth.CopyFrom(pb.DateOfBirth(year=born.year, month=born.month, day=born.day))
    elif query.year_of_birth is not None:
        request.date_of_birth.CopyFrom(pb.DateOfBirth(year=query.year_of_birth))
    return request


def shield_the_limited(cast: Cast, story: Story) -> None:
    """Have two officers hide the story's limited child, if that has not been done."""
    if cast.suite.endpoints().get("is_limited_shielded"):
        return
    officer, second = cast.signed_in("shield.officer"), cast.signed_in("second.officer")
    query = searches(story)["limited"][0].query
    row = officer.call(officer.directory.SearchChildren, search_request(query)).rows[0]
    request = shielding.ProposeShieldRequest(
        idempotency_key=new_key(), handle=row.handle, ground=shielding.GROUND_DOMESTIC_ABUSE
    )
    case_id = officer.call(officer.shielding.ProposeShield, request).case_id
    approval = shielding.ApproveShieldRequest(idempotency_key=new_key(), case_id=case_id)
    second.call(second.shielding.ApproveShield, approval)
    cast.suite.write_endpoints({"is_limited_shielded": True})


def described(story: Story) -> dict[str, Any]:
    """Return the scenarios: each a list of searches, with the children that it must show."""
    return {
        name: {
            "tries": [
                {
                    "words": search.words,
                    "search": _query(search.query),
                    "shows": [_child(child) for child in search.finds],
                    "add_details": search.is_too_many,
                    "is_refused": search.is_too_little,
                }
                for search in tries
            ]
        }
        for name, tries in searches(story).items()
    }


def _query(query: Query) -> dict[str, Any]:
    born = query.date_of_birth
    return {
        "surname": query.surname,
        "given_names": query.given_names,
        "date_of_birth": (
            {"year": born.year, "month": born.month, "day": born.day} if born else {"year": query.year_of_birth}
        ),
        "postcode": query.postcode,
        "not_yet_named": query.is_not_yet_named,
    }


def _child(child: Child) -> dict[str, str]:
    return {
        "surname": child.name.surname,
        "given_names": child.name.given_names,
        "date_of_birth": child.date_of_birth.isoformat(),
    }
