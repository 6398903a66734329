"""What a package may be packed as, and what is refused before anything is written."""

import gzip
import io
import stat
import tarfile
from pathlib import Path

import pytest

from manciple.engine.terraform.package import Package, PackageError, PackageLimits, read_package, write_package
from tests.packages import MAIN, archive, entry, pack, package

MAIN_ENTRY = (entry("main.tf", size=len(MAIN)), MAIN)


def refusal(packed: bytes, **limits: int) -> str:
    with pytest.raises(PackageError) as caught:
        read_package(packed, PackageLimits(**limits))
    return str(caught.value)


def test_files_are_kept_under_clean_relative_paths_in_order_of_name() -> None:
    found = package({"./modules/a/main.tf": "a", "./main.tf": "b", "docs//x.md": "c"})

    assert found == Package({"docs/x.md": b"c", "main.tf": b"b", "modules/a/main.tf": b"a"})


def test_what_macos_adds_is_skipped() -> None:
    found = package({"./._main.tf": "x", "main.tf": MAIN, "a/._b": "y"})

    assert list(found.files) == ["main.tf"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../main.tf", "a/../../b", "a/..", "//x"])
def test_a_path_that_leads_out_is_refused(name: str) -> None:
    packed = archive(MAIN_ENTRY, (entry(name, size=1), b"x"))

    assert refusal(packed) == f"{name!r} leads out of the package."


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_is_refused_wherever_it_leads(kind: bytes) -> None:
    packed = archive(MAIN_ENTRY, (entry("b.tf", type=kind, linkname="main.tf"), b""))

    assert refusal(packed) == "'b.tf' is a link to 'main.tf'; a package has files and directories only."


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_is_refused(kind: bytes) -> None:
    packed = archive(MAIN_ENTRY, (entry("dev", type=kind), b""))

    assert refusal(packed).startswith("'dev' is a device")


def test_a_sparse_file_is_refused() -> None:
    sparse = entry("big", size=3, pax_headers={"GNU.sparse.map": "0,3", "GNU.sparse.size": str(1 << 40)})

    assert "sparse" in refusal(archive(MAIN_ENTRY, (sparse, b"abc")))


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "x" * 256, "\udcff"])
def test_a_name_that_no_file_should_have_is_refused(name: str) -> None:
    packed = archive(MAIN_ENTRY, (entry(name, size=0), b""))

    assert refusal(packed).endswith("is no name of a file here.")


def test_a_bomb_is_refused_before_it_inflates() -> None:
    packed = io.BytesIO()
    with gzip.open(packed, "wb") as opened:
        opened.write(entry("bomb", size=1 << 30).tobuf())
        for _ in range(64):
            opened.write(bytes(1 << 20))

    found = refusal(packed.getvalue(), unpacked_bytes=1 << 20)

    assert found == "The package has more than 1048576 bytes when it is unpacked."


def test_many_small_files_are_counted_together() -> None:
    assert "more than 10 bytes" in refusal(pack({"main.tf": MAIN[:6], "b": b"123456"}), unpacked_bytes=10)


def test_entries_are_counted_directories_too() -> None:
    packed = archive(MAIN_ENTRY, *((entry(f"d{n}", type=tarfile.DIRTYPE), b"") for n in range(3)))

    assert refusal(packed, entries=3) == "The package has more than 3 entries."


def test_the_archive_itself_has_a_limit() -> None:
    assert refusal(pack({"main.tf": MAIN}), archive_bytes=10).endswith("at most 10 are allowed.")


@pytest.mark.parametrize("mode", ["w:", "w:bz2", "w:xz"])
def test_only_gzip_is_taken(mode: str) -> None:
    assert refusal(pack({"main.tf": MAIN}, mode)).startswith("The package is not a .tar.gz")


@pytest.mark.parametrize(
    "packed", [b"", b"\x1f\x8b archive", gzip.compress(b"no archive"), gzip.compress(b"")], ids=range(4)
)
def test_bytes_that_are_no_archive_are_refused(packed: bytes) -> None:
    assert refusal(packed).startswith("The package")


def test_an_archive_that_is_cut_off_is_refused() -> None:
    packed = pack({"main.tf": MAIN, "b": bytes(range(256)) * 100})

    assert refusal(packed[: len(packed) // 2]).startswith("The package is not a .tar.gz")


def test_a_package_without_configuration_at_its_root_says_what_to_do() -> None:
    assert "pack the files, not the folder" in refusal(pack({"folder/main.tf": MAIN, ".hidden.tf": MAIN}))


@pytest.mark.parametrize(
    "name",
    [".terraform/modules/modules.json", "terraform.tfstate", "a/terraform.tfstate.backup", ".terraformrc"],
)
def test_what_belongs_to_another_deployment_is_refused(name: str) -> None:
    assert refusal(pack({"main.tf": MAIN, name: b"{}"})).endswith("leave it out of the package.")


@pytest.mark.parametrize("name", ["manciple_backend_override.tf.json", "modules/a/manciple_x.tf"])
def test_our_own_names_are_refused(name: str) -> None:
    assert "kept for this server" in refusal(pack({"main.tf": MAIN, name: b"{}"}))


def test_a_file_that_only_opentofu_reads_is_refused() -> None:
    assert "OpenTofu only" in refusal(pack({"main.tf": MAIN, "main.tofu": MAIN}))


def test_a_name_is_a_file_or_a_directory() -> None:
    assert refusal(pack({"main.tf": MAIN, "a": b"", "a/b": b""})) == "a is a file and a directory."


def test_a_package_is_written_for_its_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "run"

    write_package(package({"main.tf": MAIN, "a/b/c.txt": b"c"}), directory)

    assert (directory / "a/b/c.txt").read_bytes() == b"c"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [directory, *directory.rglob("*")]}
    assert modes == {0o700, 0o600}


def test_a_package_is_never_written_over_what_is_there(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    directory = tmp_path / "run"
    directory.mkdir()
    (directory / "main.tf").symlink_to(outside)

    with pytest.raises(OSError, match="exists"):
        write_package(package({"main.tf": MAIN}), directory)
    assert outside.read_bytes() == b"precious"
