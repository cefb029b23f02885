"""The local certificate authority: whom its certificates name, and when they change."""

import datetime as dt
import uuid
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploy.local import authority as module
from deploy.local.authority import Authority, Issued
from deploy.local.fault import Fault
from deploy.local.layout import Layout
from deploy.local.plan import Plan

LEDGER = Plan().process("audit.ledger")
SYSTEM = uuid.UUID("0d3c5a86-4b5c-4a7e-9f0e-5a0f3f6f2d11")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    layout = Layout(tmp_path / "root")
    layout.prepare()
    made = Authority(layout=layout, environment="synthetic")
    made.prepare()
    return made


def read(issued: Issued) -> x509.Certificate:
    return x509.load_pem_x509_certificate(issued.certificate.read_bytes())


def names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def uses(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_a_process_is_named_by_environment_and_name(authority: Authority) -> None:
    certificate = read(authority.certificate_of(LEDGER))
    found = names(certificate)
    assert found.get_values_for_type(x509.UniformResourceIdentifier) == [
        "spiffe://synthetic.contactpoint/process/audit.ledger"
    ]
    assert found.get_values_for_type(x509.DNSName) == ["audit-ledger.contactpoint.internal", "localhost"]
    assert [str(address) for address in found.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert set(uses(certificate)) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert "synthetic" in certificate.subject.rfc4514_string()
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate.read_bytes()))


def test_a_system_can_only_call(authority: Authority) -> None:
    certificate = read(
        authority.system_certificate(SYSTEM, "A hospital with a name that is longer than X.509 allows " * 2)
    )
    assert names(certificate).get_values_for_type(x509.UniformResourceIdentifier) == [
        f"spiffe://synthetic.contactpoint/system/{SYSTEM}"
    ]
    assert not names(certificate).get_values_for_type(x509.DNSName)
    assert uses(certificate) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_keys_are_private(authority: Authority) -> None:
    issued = authority.certificate_of(LEDGER)
    for key in (issued.private_key, authority.layout.authority / "ca.key"):
        assert key.stat().st_mode & 0o777 == 0o600


def test_a_young_certificate_stays_and_one_past_half_its_life_is_renewed(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(authority.certificate_of(LEDGER))
    assert read(authority.certificate_of(LEDGER)) == first
    with monkeypatch.context() as short_life:
        short_life.setattr(module, "_LEAF_LIFE", dt.timedelta(minutes=4))
        authority.certificate_of(LEDGER).certificate.unlink()
        short = read(authority.certificate_of(LEDGER))
    # Backdated by five minutes, it is past the middle of its nine.
    renewed = read(authority.certificate_of(LEDGER))
    assert renewed != short
    assert renewed.not_valid_after_utc > short.not_valid_after_utc


def test_a_certificate_of_another_authority_is_replaced(authority: Authority, tmp_path: Path) -> None:
    old = read(authority.certificate_of(LEDGER))
    authority.certificate.unlink()
    (authority.layout.authority / "ca.key").unlink()
    authority.prepare()
    assert read(authority.certificate_of(LEDGER)) != old


def test_an_interrupted_set_up_is_completed_with_the_key_it_has(authority: Authority) -> None:
    key = (authority.layout.authority / "ca.key").read_bytes()
    authority.certificate.unlink()
    authority.prepare()
    assert (authority.layout.authority / "ca.key").read_bytes() == key


def test_an_authority_without_its_key_is_a_fault(authority: Authority) -> None:
    (authority.layout.authority / "ca.key").unlink()
    with pytest.raises(Fault, match="missing"):
        authority.prepare()


def test_an_authority_of_another_environment_is_a_fault(authority: Authority) -> None:
    with pytest.raises(Fault, match="not an authority"):
        Authority(layout=authority.layout, environment="production").prepare()


def test_what_browsers_are_shown_names_this_machine_and_can_call_nobody(authority: Authority) -> None:
    web = Plan().process("gateway.web")
    certificate = read(authority.browser_certificate(web))
    assert names(certificate).get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names(certificate).get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    # Without a URI of ours no process takes it for one of us.
    assert names(certificate).get_values_for_type(x509.UniformResourceIdentifier) == []
    assert uses(certificate) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert read(authority.certificate_of(web)) != certificate
