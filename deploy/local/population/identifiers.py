"""Source identifiers that belong to no real child: NHS numbers of the 999 range, pupil numbers of authority 999."""
# ruff: noqa: PLR2004
# Check digits are arithmetic out of a published rule.

# An NHS number that begins with 999 leaves six digits. The last thousand serials are the story's; the others go round
# by a step without common divisor, so that no two children of a population share one and neighbours do not look alike.
SERIALS = 999_000
STEP = 611_953

# Ten million pupil numbers, of which the last thousand are the story's.
PUPIL_SERIALS = 9_999_000
_PUPIL_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def nhs_number_of(key: int) -> str:
    """Return the child's ten digits, or "" for the one serial in eleven that has no check digit.

    So nine children in a hundred have none, as a register of partial identities must expect; after 999,000 children
    the range is used up, and nobody has one.
    """
    return nhs_number(key * STEP % SERIALS) if key < SERIALS else ""


def nhs_number(serial: int) -> str:
    """Return 999, six digits, and the modulus 11 check digit of the NHS Data Dictionary; "" where that would be ten."""
    first_nine = f"999{serial:06d}"
    check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), first_nine, strict=True)) % 11
    # One digit has no room for ten.
    return "" if check == 10 else f"{first_nine}{check}"


def pupil_number_of(key: int, start_year: int) -> str:
    """Return the child's unique pupil number, or "" after the 9,999,000 that fit."""
    return pupil_number(key, start_year) if key < PUPIL_SERIALS else ""


def pupil_number(serial: int, start_year: int) -> str:
    """Return check letter, authority 999 (which is none), establishment, year and serial, in the form DfE publishes."""
    establishment, serial = divmod(serial, 1_000)
    digits = f"999{establishment:04d}{start_year % 100:02d}{serial:03d}"
    check = sum(weight * int(digit) for weight, digit in enumerate(digits, start=2)) % len(_PUPIL_LETTERS)
    return _PUPIL_LETTERS[check] + digits
