"""Authorities of England with their real codes and outward postcodes; everything finer is invented."""

from dataclasses import dataclass

from deploy.local.population.draw import Draw
from deploy.local.population.read_lists import rows_of, words_for

# The inward part of a postcode never uses C, I, K, M, O or V.
_INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_STREETS = tuple(f"{street} {kind}" for kind in words_for("kind of street") for street in words_for("street"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One authority: its nine-character ONS code, the drama range it is dialled by, and where its families live."""

    authority: str
    name: str
    domain: str
    drama_range: str
    ods_letter: str
    share: int
    outward_codes: tuple[str, ...]
    places: tuple[str, ...]

    def postcode(self, draw: Draw) -> str:
        inward = f"{int(draw.fraction() * 10)}{draw.of(_INWARD_LETTERS)}{draw.of(_INWARD_LETTERS)}"
        return f"{draw.of(self.outward_codes)} {inward}"

    def lines(self, draw: Draw) -> tuple[str, ...]:
        """Return an address's lines: number and street, part of town, town; a flat comes first where there is one."""
        street = f"{draw.between(1, 180)} {draw.of(_STREETS)}"
        if draw.chance(0.18):
            return f"Flat {draw.between(1, 40)}", street, draw.of(self.places), self.name
        return street, draw.of(self.places), self.name


def read_areas() -> tuple[Area, ...]:
    """Return the areas of `lists/areas.tsv`, in its order."""
    return tuple(
        Area(
            authority=row["authority"],
            name=row["name"],
            domain=row["domain"],
            drama_range=row["telephone"],
            ods_letter=row["ods_letter"],
            share=int(row["share"]),
            outward_codes=tuple(row["outward_codes"].split(" ")),
            places=tuple(row["places"].split(",")),
        )
        for row in rows_of("areas")
    )
