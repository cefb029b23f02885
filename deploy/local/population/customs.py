"""How names pass from parents to children, and in which order an English register catches them."""
# ruff: noqa: PLR2004
# Frequencies are said where they are used: each stands once, and its line says of what.

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.local.population.child import Gender, Name
from deploy.local.population.draw import Draw
from deploy.local.population.traditions import Tradition


@dataclass(frozen=True, slots=True)
class FamilyNames:
    """What the children of one family draw their names from; `habit` (0 to 1) keeps the family's choices the same."""

    tradition: Tradition
    """The father's; its custom names the children."""
    mothers_tradition: Tradition
    surname: str
    mothers_surname: str
    father: str
    grandfather: str
    mother: str
    habit: float


Custom = Callable[[FamilyNames, Gender, str, Draw], Name]


def inherited(family: FamilyNames, gender: Gender, given: str, _draw: Draw) -> Name:
    """The father's surname, with a daughter's ending in the families that keep it; a few join both parents' names."""
    if family.tradition.girls_endings:
        keeps_endings = gender is Gender.FEMALE and family.habit < 0.6
        return Name(for_a_daughter(family.surname, family.tradition) if keeps_endings else family.surname, given)
    if family.habit > 0.955 and "-" not in family.surname + family.mothers_surname:
        return Name(f"{family.mothers_surname}-{family.surname}", given)
    return Name(family.surname, given)


def fathers_then_mothers(family: FamilyNames, _gender: Gender, given: str, draw: Draw) -> Name:
    """Two surnames in the Spanish order; some registers keep one, and not always for every child of a family."""
    if family.habit < 0.7 and not draw.chance(0.08):
        return Name(f"{family.surname} {family.mothers_surname}", given)
    return Name(family.surname, given)


def mothers_then_fathers(family: FamilyNames, _gender: Gender, given: str, draw: Draw) -> Name:
    """Two surnames in the Portuguese order."""
    if family.habit < 0.7 and not draw.chance(0.08):
        return Name(f"{family.mothers_surname} {family.surname}", given)
    return Name(family.surname, given)


def three_names(family: FamilyNames, _gender: Gender, given: str, draw: Draw) -> Name:
    """Own, father's and grandfather's name (Somali): the register takes the last, or the last two, for the surname."""
    if draw.chance(0.1):
        return Name(family.father, given)
    if family.habit < 0.6:
        return Name(family.grandfather, f"{given} {family.father}")
    return Name(f"{family.father} {family.grandfather}", given)


def fathers_given_name(family: FamilyNames, _gender: Gender, given: str, _draw: Draw) -> Name:
    """The father's given name follows one's own (Ethiopian, Eritrean, Hausa, Kurdish); some keep the family's."""
    return Name(family.father if family.habit < 0.65 else family.surname, given)


_GENITIVES = {
    "Jón": "Jóns",
    "Sigurður": "Sigurðar",
    "Guðmundur": "Guðmundar",
    "Gunnar": "Gunnars",
    "Ólafur": "Ólafs",
    "Einar": "Einars",
    "Kristján": "Kristjáns",
    "Magnús": "Magnúsar",
    "Stefán": "Stefáns",
    "Bjarni": "Bjarna",
    "Björn": "Björns",
    "Aron": "Arons",
    "Ragnar": "Ragnars",
    "Þór": "Þórs",
}


def icelandic(family: FamilyNames, gender: Gender, given: str, draw: Draw) -> Name:
    """A father's son or daughter where the father has an Icelandic name; brother and sister then differ in surname."""
    genitive = _GENITIVES.get(family.father)
    if genitive is None:
        return inherited(family, gender, given, draw)
    return Name(f"{genitive}{'dóttir' if gender is Gender.FEMALE else 'son'}", given)


def family_first(family: FamilyNames, gender: Gender, given: str, draw: Draw) -> Name:
    """The family's name is said first (Chinese, Korean), so some registers hold the two the wrong way round."""
    name = inherited(family, gender, given, draw)
    return Name(name.given_names, name.surname) if draw.chance(0.07) else name


def vietnamese(family: FamilyNames, gender: Gender, given: str, draw: Draw) -> Name:
    """Family, middle, own: Thi marks girls and Van boys, and the order gets lost like the Chinese one."""
    if given in family.tradition.forenames(gender) and draw.chance(0.6):
        given = f"{'Thi' if gender is Gender.FEMALE else 'Van'} {given}"
    return family_first(family, gender, given, draw)


def singh_kaur(family: FamilyNames, gender: Gender, given: str, _draw: Draw) -> Name:
    """Kaur for girls and Singh for boys (Sikh): as the surname, as a middle name, or left to the family."""
    own = "Kaur" if gender is Gender.FEMALE else "Singh"
    if family.habit < 0.3:
        return Name(own, given)
    return Name(family.surname, f"{given} {own}" if family.habit < 0.75 else given)


_WOMENS_SECOND_NAMES = ("Begum", "Bibi", "Khatun", "Akhtar", "Sultana", "Khanom", "Parveen", "Kauser", "Jahan", "Nahar")
_MENS_SECOND_NAMES = ("Hussain", "Ali", "Ahmed", "Rahman", "Islam", "Iqbal", "Hassan", "Akbar", "Aziz", "Karim")
_THE_PROPHETS_NAME = ("Mohammed", "Muhammad", "Mohammad", "Muhammed", "Mohamed", "Md")


def south_asian_muslim(family: FamilyNames, gender: Gender, given: str, draw: Draw) -> Name:
    """Sons often bear the Prophet's name before their own; a last name may be personal, not the family's."""
    if gender is Gender.FEMALE:
        return Name(draw.of(_WOMENS_SECOND_NAMES) if family.habit < 0.2 else family.surname, given)
    if draw.chance(0.3) and given[:2] != "Mo" and given[:2] != "Mu":
        given = f"{_THE_PROPHETS_NAME[int(family.habit * len(_THE_PROPHETS_NAME))]} {given}"
    return Name(draw.of(_MENS_SECOND_NAMES) if family.habit < 0.1 else family.surname, given)


def tamil(family: FamilyNames, gender: Gender, given: str, draw: Draw) -> Name:
    """The father's given name serves as the surname in half of the families."""
    return Name(family.father, given) if family.habit < 0.5 else inherited(family, gender, given, draw)


CUSTOMS: Mapping[str, Custom] = {
    custom.__name__: custom
    for custom in (
        *(inherited, fathers_then_mothers, mothers_then_fathers, three_names, fathers_given_name, icelandic),
        *(family_first, vietnamese, singh_kaur, south_asian_muslim, tamil),
    )
}


def for_a_daughter(surname: str, tradition: Tradition) -> str:
    """Return the surname as a daughter bears it: Kowalska for Kowalski, Kazlauskaitė for Kazlauskas."""
    for ending, girls_ending in tradition.girls_endings:
        if surname.endswith(ending):
            return surname[: len(surname) - len(ending)] + girls_ending
    return surname
