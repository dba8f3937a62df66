"""A certificate that this computer signs for itself, for https in its own network."""

import ipaddress
import os
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from imu_stream.errors import ServingError

LASTS = timedelta(days=365)
FILE = "live_page.pem"


def tls_context(folder: Path, names: Sequence[str]) -> ssl.SSLContext:
    """For a server that is reached under these names and addresses.

    The key and certificate are kept, so a phone that trusts them once need not be asked again.

    Raises:
        ServingError: they cannot be kept in the folder.
    """
    path = folder / FILE
    try:
        if not _serves(path, names):
            folder.mkdir(parents=True, exist_ok=True)
            _write_private(path, _certificate(names))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(path)
    except OSError as error:
        raise ServingError(f"{path}: the certificate of --tls cannot be kept: {error}") from None
    return context


def _serves(path: Path, names: Sequence[str]) -> bool:
    """Whether a kept certificate is whole, covers the names and holds for another day."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    holds_until = certificate.not_valid_after_utc - timedelta(days=1)
    return {_name(name) for name in names} <= set(found.value) and datetime.now(UTC) < holds_until


def _certificate(names: Sequence[str]) -> bytes:
    """Key and certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "imu-stream live page")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_private(path: Path, content: bytes) -> None:
    """Nobody else may read it, from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
