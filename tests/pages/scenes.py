"""Every state of every page, each by its name: what axe checks and what the pictures of docs/pages show.

A scene is one person's way through the pages; it yields the name of each state while the page is in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pyotp

from deploy.local.population.story_searches import exact, searches
from tests.pages import steps
from tests.pages.outage import stopped
from tests.pages.person import Person
from tests.support.town import Town
from tests.support.unlike import unlike_any_other

_IDLE_SECONDS, _WARNING_SECONDS = 15 * 60, 2 * 60

Scene = Callable[[Person, Town], Iterator[str]]


def nobody(person: Person, town: Town) -> Iterator[str]:
    """Pages for anyone, and what somebody without a session is told."""
    for name, path in (
        ("about", "/about"),
        ("teams", "/teams"),
        ("accessibility", "/accessibility"),
        ("cookies", "/cookies"),
        ("sign-in", "/sign-in"),
        ("sign-in-ended", "/sign-in?why=ended"),
        ("still-there-over", "/still-there"),
        ("not-found", "/nowhere"),
    ):
        person.goes(path)
        yield name
    person.goes("/sign-in")
    person.presses("Sign in")
    yield "sign-in-empty"
    person.fills("User name", "nurse")
    person.fills("Password", "not the password")
    person.fills("Six digits", "000000")
    person.presses("Sign in")
    yield "sign-in-refused"


def newcomer(person: Person, town: Town) -> Iterator[str]:
    """From the e-mail's link to the start page."""
    account, link, code = town.invited()
    person.goes("/enrol")
    yield "enrol"
    person.presses("Continue")
    yield "enrol-empty"
    person.fills("Link token", link)
    person.fills("Code from your manager", "00000000" if code != "00000000" else "11111111")
    person.presses("Continue")
    yield "enrol-refused"
    person.fills("Code from your manager", code)
    person.presses("Continue")
    yield "enrol-set-up"
    secret = person.page.locator("#secret").inner_text().replace(" ", "")
    person.fills("Password", "password12345678")
    person.fills("Numbers that the app shows now", pyotp.TOTP(secret).now())
    person.presses("Finish")
    yield "enrol-weak-password"
    person.fills("Password", account.password)
    person.fills("Numbers that the app shows now", pyotp.TOTP(secret).now())
    person.presses("Finish")
    yield "enrol-done"
    town.cast.accounts[account.username] = replace(account, totp_secret=secret)
    person.signs_in(account.username)
    yield "lapsed"
    steps.let_in(town, account.person_id)
    person.signs_in(account.username)
    yield "policy-due"
    person.presses("Acknowledge and go on")
    yield "policy-not-ticked"
    person.chooses("I have read this policy and will keep to it")
    person.presses("Acknowledge and go on")
    yield "start-empty"
    person.opens_menu("My children")
    yield "children-none"


def nurse(person: Person, town: Town) -> Iterator[str]:
    """The main job, and what its pages say when it does not go well."""
    told, story = searches(town.living.story), town.living.story
    person.signs_in("nurse")
    yield "start"
    person.opens_menu("Search")
    yield "search"
    person.presses("Search")
    yield "search-empty"
    for name, scenario in (("too-many", "too_many"), ("none", "none"), ("several", "two_alike")):
        steps.search(person, told[scenario][0].query)
        yield f"results-{name}"
    steps.search(person, told["nurse"][0].query)
    yield "results-one"
    person.presses("Open", exact=False)
    yield "reason"
    person.presses("Open the record")
    yield "reason-empty"
    steps.give_reason(person)
    yield "record"
    person.presses("Open the home address and carers")
    yield "home-reason"
    person.chooses(steps.WORRIED)
    person.presses("Open the home")
    yield "home"
    person.follows("Back to the record")
    person.presses("Ask for a shield")
    yield "request-shield"
    person.presses("Ask for a shield")
    yield "request-shield-empty"
    person.goes("/record/number")
    yield "by-number"
    person.fills("ContactPoint number", "999 000 0018")
    person.fills("Surname", story.unique.name.surname)
    person.fills_date("Date of birth", 1, 1, 2020)
    steps.give_reason(person)
    yield "by-number-refused"


def own_account(person: Person, town: Town) -> Iterator[str]:
    """What is one's own, and what somebody is told who may not, or comes too late."""
    person.signs_in("nurse")
    person.goes("/own-looks")
    yield "own-looks"
    person.goes("/sessions")
    yield "sessions"
    person.goes("/policy")
    yield "policy"
    person.goes("/still-there")
    yield "still-there"
    person.goes("/record?page=gone")
    yield "kept-gone"
    person.goes("/shield-cases")
    yield "not-for-you"
    person.presses("Sign out", within=person.page.locator("header"))
    yield "signed-out"


def own_work(person: Person, town: Town) -> Iterator[str]:
    """A new record, and one's own involvement with the child."""
    query = replace(unlike_any_other(given_names="Siân"), surname="Ŵynford-O’Hare")
    account = town.newcomer()
    person.signs_in(account.username)
    steps.search(person, query)
    person.presses("Create a record from this search")
    yield "create"
    person.presses("Create the record")
    yield "create-empty"
    person.chooses("Female")
    person.chooses("No known address")
    person.presses("Create the record")
    yield "created"
    person.presses("Open the record")
    steps.give_reason(person)
    yield "record-none-recorded"
    person.presses("Record that you work with this child")
    yield "involvement-team"
    team = next(one.provider for one in town.living.story.worried_about.involvements)
    person.fills("Another team: the beginning of its name", team.name)
    person.presses("Find")
    yield "involvement-team-found"
    person.hands.press(person.page, person.main.locator("input[type=radio]").first)
    person.presses("Continue")
    yield "involvement-details"
    person.fills("Your name, as others should ask for you", "")
    person.presses("Record that I work with this child")
    yield "involvement-details-empty"
    person.fills("Your name, as others should ask for you", "Nia Newcomer")
    person.fills("Your telephone by day (optional)", "0113 496 0777")
    person.presses("Record that I work with this child")
    yield "involvement-started"
    person.presses("Open the record")
    steps.give_reason(person)
    person.presses("Confirm", exact=False)
    yield "record-own-confirmed"
    person.presses("Lead professional or assessment", exact=False)
    yield "involvement-marks"
    person.presses("Save")
    person.presses("It has ended", exact=False)
    yield "involvement-end"
    person.opens_menu("My children")
    yield "children"
    person.presses("Confirm those ticked")
    yield "children-none-ticked"
    person.chooses_in_row(query.surname)
    person.presses("End those ticked")
    yield "children-end"
    person.presses("Yes, it has ended")
    yield "children-ended"


def social_worker(person: Person, town: Town) -> Iterator[str]:
    """A child is hidden at once, and is then a limited record."""
    found = town.new_child(town.seat("nurse"))
    person.signs_in("social.worker")
    steps.open_record(person, found.query)
    person.presses("Shield at once")
    yield "interim-shield"
    person.chooses("Domestic abuse")
    person.presses("Hide this child now")
    yield "interim-shield-done"
    steps.search(person, found.query)
    yield "results-limited"
    person.presses("Open", exact=False)
    steps.give_reason(person)
    yield "record-limited"


def officers(person: Person, town: Town) -> Iterator[str]:
    """The officers' desk, with one case of each kind."""
    asked_for, proposed = (town.new_child(town.seat("nurse")) for _ in range(2))
    person.signs_in("nurse")
    steps.open_record(person, asked_for.query)
    person.presses("Ask for a shield")
    person.chooses("Adoption")
    person.presses("Ask for a shield")
    yield "request-shield-done"
    person.signs_in_after_another("shield.officer")
    yield "start-officer"
    steps.open_record(person, proposed.query)
    person.presses("Shield this child")
    yield "propose-shield"
    person.chooses("Witness protection")
    person.presses("Shield this child")
    yield "propose-shield-done"
    person.follows("See the shield cases")
    yield "shield-cases"
    person.presses("Decide", exact=False)
    yield "approve-shield"
    person.presses(person.heading.removesuffix("?"))
    yield "approve-shield-done"


def auditor(person: Person, town: Town) -> Iterator[str]:
    """Who looked at one child."""
    found = town.new_child(town.seat("nurse"))
    born = found.query.date_of_birth
    assert born is not None
    person.signs_in("auditor")
    person.opens_menu("Who looked")
    yield "who-looked"
    person.presses("See who looked")
    yield "who-looked-empty"
    person.fills("ContactPoint number", f"{found.number:010}")
    person.fills("First names", found.query.given_names)
    person.fills("Surname", found.query.surname)
    person.fills_date("Date of birth", born.day, born.month, born.year)
    person.chooses(steps.WORRIED)
    person.presses("See who looked")
    yield "who-looked-list"


def mediator(person: Person, town: Town) -> Iterator[str]:
    """A look for a colleague who was called back."""
    person.signs_in("mediator")
    person.opens_menu("For a colleague")
    yield "mediation"
    person.presses("Look for this colleague")
    yield "mediation-empty"
    person.fills("Your colleague’s user name", "nurse")
    person.chooses("I called this colleague back on the number we hold")
    person.presses("Look for this colleague")
    yield "search-mediated"
    steps.fill_search(person, exact(town.living.story.unique))
    person.presses("Search")
    yield "results-mediated"
    person.opens_menu("For a colleague")
    yield "mediation-begun"


def custodian(person: Person, town: Town) -> Iterator[str]:
    """What two custodians accept after a restore."""
    person.signs_in("custodian")
    yield "start-custodian"
    person.opens_menu("Accept a loss")
    yield "accept-loss"
    person.presses("Continue")
    yield "accept-loss-empty"
    person.fills("Name", secrets.token_hex(32))
    person.fills("Number", "1502")
    person.presses("Continue")
    yield "accept-loss-confirm"
    person.presses("Accept this loss")
    yield "accept-loss-done"
    person.opens_menu("Accept a gap")
    yield "accept-gap"
    person.fills("Name", secrets.token_hex(32))
    person.presses("Continue")
    yield "accept-gap-confirm"
    person.presses("Accept this gap")
    yield "accept-gap-refused"
    person.opens_menu("After a stop")
    yield "resume-service"
    person.presses("Let ContactPoint go on")
    yield "resume-service-refused"


def idle(person: Person, town: Town) -> Iterator[str]:
    """Nobody has pressed anything for thirteen minutes."""
    person.page.clock.install()
    person.signs_in("nurse")
    steps.open_record(person, exact(town.living.story.unique))
    person.page.clock.fast_forward((_IDLE_SECONDS - _WARNING_SECONDS + 1) * 1000)
    person.page.get_by_role("dialog").wait_for()
    yield "idle-warning"


def something_down(person: Person, town: Town) -> Iterator[str]:
    """What is behind the pages does not answer: the directory, then whoever signs people in."""
    person.signs_in("nurse")
    with stopped(town, "directory"):
        person.goes("/")
        yield "start-uncounted"
        steps.search(person, exact(town.living.story.unique))
        yield "unavailable"
    person.page.context.clear_cookies()
    with stopped(town, "identity"):
        person.goes("/sign-in")
        person.fills("User name", "nurse")
        person.fills("Password", "any password")
        person.fills("Six digits", "000000")
        person.presses("Sign in")
        yield "sign-in-unavailable"


SCENES: Mapping[str, Scene] = {
    scene.__name__: scene
    for scene in (
        nobody,
        newcomer,
        nurse,
        own_account,
        own_work,
        social_worker,
        officers,
        auditor,
        mediator,
        custodian,
        idle,
        something_down,
    )
}
