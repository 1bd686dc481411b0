"""Whose signature a picture gets: the owner's certificate, or one that is made here once.

Nobody vouches for a self-made one: other programs say that its issuer is unknown. It names neither
the owner nor the computer. The key of its root is forgotten as soon as it has signed. Source: C2PA
technical specification 2.4, "Certificate profile".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotfolder.errors import HotfolderError, reason
from hotfolder.installation import remedy
from hotfolder.recipes.settings import Signing
from hotfolder.studio.store import local

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

INSTALL = f"signing needs two packages that are not installed; type  {remedy('sign')}"
SELF_MADE = "self-made.pem"  # a private key, its certificate, and the root's, in this order
_VALID = timedelta(days=20 * 365)
_MOST_BYTES = 100_000
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A chain of certificates, the signer's first, and the signer's private key, all as PEM.

    `algorithm` is C2PA's name of how that key signs. `self_made` says that nobody vouches for it.
    """

    chain: bytes
    key: bytes
    algorithm: str
    self_made: bool


def credentials(signing: Signing) -> Credentials:
    """What the owner signs with. Raises HotfolderError with a sentence where that cannot be used.

    Relative paths of the settings are looked for from the folder of the owner's settings.
    """
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise HotfolderError(INSTALL) from None
    if not signing.certificate and not signing.key:
        return _self_made(local.config() / SELF_MADE)
    if not signing.certificate or not signing.key:
        lacking = "key" if signing.certificate else "certificate"
        raise HotfolderError(
            f"your settings name no signing.{lacking}; both are needed, or neither"
        )
    certificate, key = _located(signing.certificate), _located(signing.key)
    chain = _content(certificate)
    return _checked(chain, _content(key), f"{certificate} with {key}", self_made=False)


def _located(path: str) -> Path:
    return local.config() / Path(path).expanduser()


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise HotfolderError(f"{path} cannot be read: {reason(error)}") from None


def _self_made(file: Path) -> Credentials:
    """The self-made certificate; made now if there is none yet."""
    if not file.exists():
        try:
            local.replace(file, _new())
        except OSError as error:
            raise HotfolderError(f"{file} cannot be written: {reason(error)}") from None
    data = _content(file)
    remedy = f"{file} (remove it, and a new one is made)"
    return _checked(data, data, remedy, self_made=True)


def _checked(chain: bytes, key: bytes, shown: str, self_made: bool) -> Credentials:
    """The credentials in these PEM texts, if they are valid and belong together."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import load_pem_x509_certificates

    refused = f"nothing can be signed with {shown}"
    try:
        certificates = load_pem_x509_certificates(chain)
    except ValueError:
        raise HotfolderError(f"{refused}: there is no certificate in PEM form") from None
    try:
        private: Any = serialization.load_pem_private_key(key, None)
    except TypeError:
        raise HotfolderError(f"{refused}: the key is protected by a passphrase") from None
    except ValueError:
        raise HotfolderError(f"{refused}: there is no private key in PEM form") from None
    first = certificates[0]
    if says := _trouble(first, private, datetime.now(UTC)):
        raise HotfolderError(f"{refused}: {says}")
    plain = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = [one.public_bytes(serialization.Encoding.PEM) for one in certificates]
    return Credentials(b"".join(pem), plain, _algorithm(private), self_made)


def _trouble(certificate: Certificate, private: Any, now: datetime) -> str:
    """Why this key and certificate do not do; "" if they do."""
    if certificate.public_key() != private.public_key():
        return "the key does not belong to the first certificate"
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return f"the certificate is valid from {begin:%Y-%m-%d} to {end:%Y-%m-%d} only"
    if certificate.issuer == certificate.subject:
        return "C2PA does not accept a self-signed certificate; one that it issued would do"
    if not _algorithm(private):
        return "C2PA accepts RSA keys, keys on the curves P-256, P-384 and P-521, and Ed25519"
    return ""


def _algorithm(private: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(private, ec.EllipticCurvePrivateKey):
        return _CURVES.get(private.curve.name, "")
    if isinstance(private, rsa.RSAPrivateKey):
        return "ps256"
    return "ed25519" if isinstance(private, ed25519.Ed25519PrivateKey) else ""


def _new() -> bytes:
    """A new private key, its certificate, and that of the root which issued it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509 import Name, NameAttribute
    from cryptography.x509.oid import NameOID

    def name(common: str) -> Name:
        organization = NameAttribute(NameOID.ORGANIZATION_NAME, "self-made with hotfolder")
        return Name([NameAttribute(NameOID.COMMON_NAME, common), organization])

    root, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = name("self-made root")
    issued = _issued(name("self-made certificate"), key, issuer, root)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificates = (issued, _issued(issuer, root, issuer, root))
    return private + b"".join(one.public_bytes(pem) for one in certificates)


def _issued(subject: Name, key: Any, issuer: Name, by: Any) -> Certificate:
    """The certificate of a key, issued by another; that of a root, if it is its own."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    is_root = key is by
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
    constraints = x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None)
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a friend's clock may be behind
        .not_valid_after(now + _VALID)
        .add_extension(constraints, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not is_root:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
        builder = builder.add_extension(purpose, critical=False)
        builder = builder.add_extension(authority, critical=False)
    return builder.sign(by, hashes.SHA256())
