"""Where the cast of the demonstration is taught, treated and helped."""

from deploy.local.population.provider import Practitioner, Provider, ProviderKind

AUTHORITY = "E08000035"

_DUTY_TEAM = "08081 570999"
_FIRST_KEY = 1_000_000_000
# The last hundred numbers of the range: a population reaches them with its nine hundredth subscriber.
_FIRST_NUMBER = 900


def _provider(
    place: int, kind: ProviderKind, name: str, mail_name: str, practitioner: str, *, urn: str = "", ods_code: str = ""
) -> Provider:
    has_duty_team = kind in {ProviderKind.SOCIAL_CARE, ProviderKind.UNIVERSAL_HEALTH}
    number = _FIRST_NUMBER + 2 * place
    return Provider(
        key=_FIRST_KEY + place,
        kind=kind,
        name=name,
        authority=AUTHORITY,
        telephone=f"0113 496 0{number}",
        telephone_out_of_hours=_DUTY_TEAM if has_duty_team else "",
        email=f"duty@{mail_name}.leeds.example.org",
        urn=urn,
        ods_code=ods_code,
        practitioners=(
            Practitioner(
                practitioner,
                f"0113 496 0{number + 1}",
                f"{practitioner.lower().replace(' ', '.')}@{mail_name}.leeds.example.org",
            ),
        ),
    )


PRIMARY_SCHOOL = _provider(
    0, ProviderKind.SCHOOL, "Larkbeck Primary School", "larkbeck-primary", "Helen Ashcroft", urn="900001"
)
HIGH_SCHOOL = _provider(1, ProviderKind.SCHOOL, "Ravenmere High School", "ravenmere", "Samuel Boateng", urn="900002")
PRACTICE = _provider(2, ProviderKind.GP_PRACTICE, "Quarrybank Surgery", "quarrybank", "Nadia Rahman", ods_code="B00001")
HEALTH_VISITING = _provider(
    3, ProviderKind.UNIVERSAL_HEALTH, "Health Visiting Team, East Leeds", "health-visiting", "Carol Whitfield"
)
SCHOOL_NURSING = _provider(
    4, ProviderKind.UNIVERSAL_HEALTH, "School Nursing Team, East Leeds", "school-nursing", "Agnieszka Nowak"
)
SOCIAL_CARE = _provider(
    5, ProviderKind.SOCIAL_CARE, "Children's Social Care, East Leeds", "social-care", "Marcus Campbell"
)
FAMILY_CENTRE = _provider(6, ProviderKind.VOLUNTARY, "Beckside Family Centre", "beckside", "Ruth Lawton")

# Teams of the cast's own organisations: nobody of the story is known to them yet.
SAFEGUARDING_NURSES = _provider(
    7, ProviderKind.UNIVERSAL_HEALTH, "Safeguarding Nurses, Leeds", "safeguarding-nurses", "Grace Okonjo"
)
FAMILY_HELP = _provider(8, ProviderKind.SOCIAL_CARE, "Family Help Team, Leeds", "family-help", "Samir Haddad")
POLICE_TEAM = _provider(
    9, ProviderKind.YOUTH_OFFENDING, "Safeguarding Unit, West Yorkshire Police", "safeguarding-unit", "Ruth Ackroyd"
)

STORY_PROVIDERS = (
    *(PRIMARY_SCHOOL, HIGH_SCHOOL, PRACTICE),
    *(HEALTH_VISITING, SCHOOL_NURSING, SOCIAL_CARE, FAMILY_CENTRE),
)
