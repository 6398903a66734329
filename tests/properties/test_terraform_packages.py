"""Any archive is refused, or unpacked strictly inside; any text is HCL, or refused by name; nothing else happens."""

import gzip
import io
import tarfile
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from manciple.engine.terraform.configuration import read_configuration
from manciple.engine.terraform.hcl import HclError, read_json, read_native
from manciple.engine.terraform.package import Package, PackageError, PackageLimits, read_package, write_package
from manciple.engine.terraform.policy import PackagePolicy, refusals

LIMITS = PackageLimits(archive_bytes=1 << 20, unpacked_bytes=1 << 16, entries=20, configuration_bytes=1 << 14)
PARTS = ["..", ".", "", "a", "main.tf", "b.tf.json", "é", "~", "C:", "\\", "a\0b", "._x", ".terraform", "x" * 100]
WORDS = [
    'resource "terraform_data" "a" {',
    'provider "random" {}',
    "}",
    "{",
    '"',
    "${",
    "$${",
    "%{ if",
    "<<EOT",
    "EOT",
    "<<-EOT",
    "\n",
    "\r\n",
    "/*",
    "*/",
    "#",
    "=",
    "a = ",
    "file(",
    ")",
    "[",
    "]",
    "for x in y :",
    "? :",
    "\\",
    "\\u00",
    "1",
    "...",
    "::",
    "\ufeff",
]

names = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("/".join)
kinds = st.sampled_from([b"0", b"0", b"0", b"5", b"1", b"2", b"3", b"6", b"7", b"S", b"L", b"x", b"g", b"?"])
entries = st.lists(st.tuples(names, kinds, st.binary(max_size=50), st.integers(-5, 1 << 40), names), max_size=8)


@given(entries, st.booleans(), st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_archive_is_refused_or_unpacked_inside(
    found: list[tuple[str, bytes, bytes, int, str]], is_honest: bool, damage: list[tuple[int, int]]
) -> None:
    raw = bytearray(_archive(found, is_honest=is_honest))
    for at, value in damage:
        raw[at % len(raw)] = value

    read = _read(gzip.compress(bytes(raw)))

    if isinstance(read, Package):
        _check_written(read)
    else:
        assert read.endswith(".")


@given(st.binary(max_size=400).map(lambda tail: b"\x1f\x8b" + tail))
def test_any_bytes_are_refused_in_a_sentence(packed: bytes) -> None:
    read = _read(packed)

    assert isinstance(read, str)
    assert read.endswith(".")


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=40).map(" ".join), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_and_judged_or_refused(text: str, is_json: bool) -> None:
    name = "main.tf.json" if is_json else "main.tf"

    found = _judged(name, text.encode(errors="replace"))

    assert all(sentence.startswith(name) for sentence in found)


def _read(packed: bytes) -> Package | str:
    """A package, or why it is refused."""
    try:
        return read_package(packed, LIMITS)
    except PackageError as error:
        return str(error)


def _judged(name: str, content: bytes) -> list[str]:
    """What is wrong with a file, or not allowed in it."""
    try:
        (read_json if name.endswith(".json") else read_native)(content, name)
        return refusals(read_configuration(Package({name: content})), PackagePolicy())
    except (HclError, PackageError) as error:
        return [str(error)]


def _archive(found: list[tuple[str, bytes, bytes, int, str]], *, is_honest: bool) -> bytes:
    """An archive with these entries; where it is not honest, with sizes that are not theirs."""
    written = io.BytesIO()
    for name, kind, content, size, link in [("main.tf", b"0", b"# it\n", 5, ""), *found]:
        entry = tarfile.TarInfo(name.replace("\0", "_") if is_honest else name)
        entry.type, entry.linkname, entry.size = kind, link, len(content) if is_honest else max(size, 0)
        written.write(entry.tobuf(tarfile.GNU_FORMAT))
        written.write(content.ljust(-(-len(content) // 512) * 512, b"\0"))
    written.write(bytes(1024))
    return written.getvalue()


def _check_written(package: Package) -> None:
    with tempfile.TemporaryDirectory() as top:
        inside = Path(top) / "run"
        write_package(package, inside)
        files = {str(path.relative_to(inside)): path.read_bytes() for path in inside.rglob("*") if path.is_file()}
        assert list(Path(top).iterdir()) == [inside]
        assert not any(path.is_symlink() for path in inside.rglob("*"))
    assert files == dict(package.files)
