"""Where families live, and how the parents are reached."""
# ruff: noqa: PLR2004
# Frequencies are said where they are used: each stands once, and its line says of what.

from deploy.local.population.areas import Area
from deploy.local.population.child import Address, AddressState, Carer
from deploy.local.population.customs import FamilyNames, for_a_daughter
from deploy.local.population.draw import Draw
from deploy.local.population.providers import MAIL_DOMAIN
from deploy.local.population.spellings import plain
from deploy.local.population.telephones import MOBILES

_WITHOUT_A_PLACE = (
    AddressState.NONE_KNOWN,
    AddressState.LEFT_RETURNS,
    AddressState.LEFT_FOR_GOOD,
    AddressState.LEFT_NOT_KNOWN,
)


class Homes:
    """Finds homes, and writes down carers."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def address(self, area: Area) -> Address:
        """Return an address of the area; one child in a hundred has no place there."""
        draw = self._draw
        fraction = draw.fraction()
        if fraction > 0.99:
            return Address(draw.of(_WITHOUT_A_PLACE), (), "")
        state = AddressState.LAST_KNOWN if fraction > 0.965 else AddressState.CURRENT
        return Address(state, area.lines(draw), area.postcode(draw))

    def carers(self, family: FamilyNames) -> tuple[Carer, ...]:
        """Return mostly a mother and a father, a quarter of mothers alone, sometimes a third carer or none known."""
        draw = self._draw
        fraction = draw.fraction()
        if fraction < 0.01:
            return ()
        kept_her_name = draw.chance(0.45)
        surname, tradition = (
            (family.mothers_surname, family.mothers_tradition) if kept_her_name else (family.surname, family.tradition)
        )
        mother = self._carer(family.mother, for_a_daughter(surname, tradition))
        if fraction < 0.25:
            return (mother,)
        father = self._carer(family.father, family.surname)
        if fraction < 0.965:
            return mother, father
        return mother, father, self._carer(draw.of(family.tradition.girls), family.surname)

    def _carer(self, given: str, surname: str) -> Carer:
        draw = self._draw
        fraction = draw.fraction()
        email = f"{plain(given)}.{plain(surname)}{int(fraction * 1_000)}@{MAIL_DOMAIN}" if fraction < 0.7 else ""
        return Carer(f"{given} {surname}", draw.of(MOBILES) if fraction > 0.03 else "", email)
