"""One-time codes (RFC 6238)."""

from datetime import UTC, datetime, timedelta

from services.identity import one_time_codes

# RFC 6238, appendix B, SHA-1, the last six digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}


def test_the_vectors_of_the_rfc() -> None:
    for seconds, code in VECTORS.items():
        at = datetime.fromtimestamp(seconds, UTC)
        assert one_time_codes.code_at(RFC_SECRET, at) == code
        assert one_time_codes.matching_step(RFC_SECRET, code, at) == seconds // 30


def test_one_step_of_grace_and_no_more() -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    code = one_time_codes.code_at(RFC_SECRET, at)
    for seconds, fits in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
        found = one_time_codes.matching_step(RFC_SECRET, code, at + timedelta(seconds=seconds))
        assert (found is not None) == fits


def test_secrets_have_160_bits_and_differ() -> None:
    one, other = one_time_codes.new_secret(), one_time_codes.new_secret()
    assert len(one) == 32
    assert one != other
