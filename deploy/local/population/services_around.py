"""Who works with a child: school, practice and practitioners, as a child of that age would have them."""
# ruff: noqa: PLR2004
# Frequencies are said where they are used: each stands once, and its line says of what.

from datetime import date

from deploy.local.population.child import Education, EducationState, GpRegistration, Involvement, InvolvementKind
from deploy.local.population.draw import Draw
from deploy.local.population.provider import Provider
from deploy.local.population.providers import AreaProviders

SEPTEMBER = 9
YEARS_OF_PRIMARY_SCHOOL = 7
DAYS_OF_A_YEAR = 365

NOT_OF_AGE = Education(EducationState.NOT_OF_AGE, None, None)
HOME_EDUCATED = Education(EducationState.HOME_EDUCATED, None, None)
NOT_KNOWN = Education(EducationState.NOT_KNOWN, None, None)


def starts_school_in(born: date) -> int:
    """Return the year in whose September a child starts school in England: the school year in which it turns five."""
    return born.year + (5 if born.month >= SEPTEMBER else 4)


class ServicesAround:
    """Finds a child its school, its practice and the practitioners who work with it, as of one day."""

    def __init__(self, draw: Draw, today: date) -> None:
        self._draw = draw
        self._today = today.toordinal()
        self._first_days = {year: date(year, SEPTEMBER, 4) for year in range(today.year - 20, today.year + 20)}

    def education(self, born: date, family_schools: tuple[Provider, Provider], area: AreaProviders) -> Education:
        """Return the family's school for a child of that age; now and then another, or a neutral state."""
        year = starts_school_in(born)
        starts, moves_up = self._first_days[year], self._first_days[year + YEARS_OF_PRIMARY_SCHOOL]
        if starts.toordinal() > self._today:
            return NOT_OF_AGE
        fraction = self._draw.fraction()
        if fraction < 0.014:
            return HOME_EDUCATED
        if fraction < 0.026:
            return NOT_KNOWN
        is_at_secondary = moves_up.toordinal() <= self._today
        school = family_schools[is_at_secondary]
        if fraction > 0.85:
            school = self._draw.of(area.secondary_schools if is_at_secondary else area.primary_schools)
        since = moves_up if is_at_secondary else starts
        if fraction > 0.9:
            since = self._day_since(since.toordinal())
        return Education(EducationState.AT_SCHOOL, school, since)

    def gp(self, born: date, practice: Provider) -> GpRegistration | None:
        """Return the family's practice; three children in a hundred have none."""
        if self._draw.chance(0.03):
            return None
        return GpRegistration(practice, self._day_since(born.toordinal()))

    def involvements(
        self, born: date, education: Education, gp: GpRegistration | None, area: AreaProviders
    ) -> tuple[Involvement, ...]:
        """Return who works with the child: mostly one universal service; at most one leads."""
        draw, born_on = self._draw, born.toordinal()
        is_of_school_age = education is not NOT_OF_AGE
        found: list[Involvement] = []
        if draw.chance(0.92):
            team = draw.of(area.school_nursing if is_of_school_age else area.health_visiting)
            found.append(self._involvement(InvolvementKind.UNIVERSAL, team, born_on))
        if education.school is not None and draw.chance(0.15):
            found.append(self._involvement(InvolvementKind.EDUCATION, education.school, born_on))
        if gp is not None and draw.chance(0.06):
            found.append(self._involvement(InvolvementKind.GP, gp.practice, born_on))
        if draw.chance(0.13):
            teams = self._additional_teams(born_on, area, is_of_school_age=is_of_school_age)
            one_leads, has_common_assessment = draw.chance(0.45), draw.chance(0.35)
            for place, team in enumerate(teams):
                leads = one_leads and place == 0
                found.append(
                    self._involvement(
                        InvolvementKind.ADDITIONAL, team, born_on, leads=leads, has_caf=leads and has_common_assessment
                    )
                )
        return tuple(found)

    def _additional_teams(self, born_on: int, area: AreaProviders, *, is_of_school_age: bool) -> list[Provider]:
        draw, teams = self._draw, []
        if draw.chance(0.35):
            teams.append(draw.of(area.social_care))
        if is_of_school_age and draw.chance(0.6):
            teams.append(draw.of(area.special_needs))
        if is_of_school_age and draw.chance(0.12):
            teams.append(draw.of(area.education_welfare))
        if self._today - born_on > 10 * DAYS_OF_A_YEAR and draw.chance(0.06):
            teams.append(draw.of(area.youth_offending))
        if not teams or draw.chance(0.1):
            teams.append(draw.of(area.voluntary))
        return teams

    def _involvement(
        self,
        kind: InvolvementKind,
        provider: Provider,
        born_on: int,
        *,
        leads: bool = False,
        has_caf: bool = False,
    ) -> Involvement:
        draw, today = self._draw, self._today
        # Most work began in the last three years; one involvement in twelve went without confirmation for a year.
        started = today - int(draw.fraction() * min(today - born_on + 1, 3 * DAYS_OF_A_YEAR))
        unconfirmed_for = draw.between(DAYS_OF_A_YEAR + 1, 500) if draw.chance(0.08) else draw.between(0, 330)
        return Involvement(
            kind,
            provider,
            draw.of(provider.practitioners),
            date.fromordinal(started),
            date.fromordinal(max(started, today - unconfirmed_for)),
            leads,
            has_caf,
        )

    def _day_since(self, first: int) -> date:
        return date.fromordinal(first + int(self._draw.fraction() * (self._today - first + 1)))
