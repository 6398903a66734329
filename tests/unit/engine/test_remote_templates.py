"""Fetching a template from another host: the attacks that a caller might play with an address."""

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from manciple.engine.remote_templates import RemoteTemplates
from manciple.errors import InvalidParametersException

HOST = "templates.example.com"
PUBLIC = "93.184.216.34"
URL = f"https://{HOST}/t.yaml?a=b"
HEAD = b"HTTP/1.1 200 OK\r\n"


@dataclass
class Host:
    """A host of the internet, played on loopback: it answers every connection with the same bytes."""

    port: int
    certificate: Path
    asked: list[bytes] = field(default_factory=list)
    connected_to: list[tuple[str, int]] = field(default_factory=list)

    def connect(self, address: str, port: int) -> socket.socket:
        self.connected_to.append((address, port))
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))


def make_certificate(directory: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = directory / "certificate.pem", directory / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return public, private


@contextmanager
def running(directory: Path, answer: bytes, *, name: str = HOST, hangs: bool = False) -> Iterator[Host]:
    public, private = make_certificate(directory, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    released = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = Host(listener.getsockname()[1], public)

        def serve() -> None:
            try:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as secured:
                    host.asked.append(secured.recv(65536))
                    secured.sendall(answer)
                    if hangs:
                        released.wait(5)
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        yield host
        released.set()
        with socket.socket() as nudge:
            nudge.connect_ex(("127.0.0.1", host.port))
        thread.join()


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def remote(
    host: Host, resolve: Callable[[str, int], list[str]] = lambda host, port: [PUBLIC], **members: float
) -> RemoteTemplates:
    return RemoteTemplates(resolve=resolve, connect=host.connect, tls=host.tls, **members)


def refuse_connection(address: str, port: int) -> socket.socket:
    raise AssertionError(f"connected to {address}:{port}")


def test_a_template_on_an_allowed_host_is_fetched_from_the_address_that_was_checked(tmp_path: Path) -> None:
    with running(tmp_path, ok(b"Resources: {}")) as host:
        content = remote(host).fetch(URL, [HOST])

    assert content == b"Resources: {}"
    assert host.connected_to == [(PUBLIC, 443)]
    assert host.asked[0].startswith(b"GET /t.yaml?a=b HTTP/1.1\r\nHost: templates.example.com\r\n")


@pytest.mark.parametrize("url", ["https://other.example.com/t", "https://templates.example.com:8443/t", "nonsense"])
def test_a_host_that_is_not_allowed_is_not_even_resolved(url: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError(f"resolved {host}")

    assert RemoteTemplates(resolve=resolve, connect=refuse_connection).fetch(url, [HOST]) is None


def test_a_port_is_allowed_by_name() -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    with pytest.raises(InvalidParametersException):
        RemoteTemplates(resolve=resolve, connect=refuse_connection).fetch(f"https://{HOST}:8443/t", [f"{HOST}:8443"])

    assert asked == [(HOST, 8443)]


def test_plain_http_is_refused_on_an_allowed_host() -> None:
    with pytest.raises(InvalidParametersException, match="https"):
        RemoteTemplates(connect=refuse_connection).fetch(f"http://{HOST}/t", [HOST])


def test_an_address_with_a_user_name_is_no_address() -> None:
    assert RemoteTemplates(connect=refuse_connection).fetch(f"https://{HOST}@127.0.0.1/t", [HOST, "127.0.0.1"]) is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # the address itself is what is tested
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_a_host_with_any_address_that_is_not_public_is_refused(address: str) -> None:
    fetcher = RemoteTemplates(resolve=lambda host, port: [PUBLIC, address], connect=refuse_connection)

    with pytest.raises(InvalidParametersException, match="public"):
        fetcher.fetch(URL, [HOST])


def test_a_name_that_turns_to_a_private_address_after_the_check_is_not_asked_again(tmp_path: Path) -> None:
    answers = iter([[PUBLIC], ["169.254.169.254"]])

    with running(tmp_path, ok(b"safe")) as host:
        content = remote(host, lambda host, port: next(answers)).fetch(URL, [HOST])

    assert content == b"safe"
    assert host.connected_to == [(PUBLIC, 443)]
    assert next(answers) == ["169.254.169.254"]


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"307 Temporary Redirect"])
def test_a_redirect_is_not_followed(tmp_path: Path, status: bytes) -> None:
    answer = b"HTTP/1.1 %s\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n" % status

    with running(tmp_path, answer) as host, pytest.raises(InvalidParametersException, match="redirects"):
        remote(host).fetch(URL, [HOST])

    assert len(host.connected_to) == 1


def test_a_megabyte_is_fetched_and_a_byte_more_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, ok(b"x" * 1_000_000)) as host:
        assert len(remote(host).fetch(URL, [HOST]) or b"") == 1_000_000

    with running(tmp_path, ok(b"x" * 1_000_001)) as host, pytest.raises(InvalidParametersException, match="1000000"):
        remote(host).fetch(URL, [HOST])


def test_a_length_that_is_not_told_is_bounded_too(tmp_path: Path) -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_500_000

    with running(tmp_path, endless) as host, pytest.raises(InvalidParametersException, match="1000000"):
        remote(host).fetch(URL, [HOST])


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200", HEAD + b"\r\nbegun", HEAD + b"Content-Length: 9\r\n\r\nbegun"])
def test_a_host_that_never_ends_its_answer_is_left(tmp_path: Path, begun: bytes) -> None:

    with (
        running(tmp_path, begun, hangs=True) as host,
        pytest.raises(InvalidParametersException, match="could not be read"),
    ):
        remote(host, seconds=0.2).fetch(URL, [HOST])


def test_half_an_answer_is_no_template(tmp_path: Path) -> None:
    half = HEAD + b"Content-Length: 100\r\n\r\nhalf"

    with running(tmp_path, half) as host, pytest.raises(InvalidParametersException, match="could not be read"):
        remote(host).fetch(URL, [HOST])


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    with (
        running(tmp_path, ok(b"x"), name="evil.test") as host,
        pytest.raises(InvalidParametersException, match="could not be read"),
    ):
        remote(host).fetch(URL, [HOST])


def test_a_host_that_cannot_be_resolved_is_told_as_a_template_that_cannot_be_read() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such host")

    with pytest.raises(InvalidParametersException, match="could not be read"):
        RemoteTemplates(resolve=resolve, connect=refuse_connection).fetch(URL, [HOST])
