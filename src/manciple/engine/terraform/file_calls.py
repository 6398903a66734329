"""Functions that read files while Terraform plans: `file("/etc/passwd")` needs no provider and no apply.

Templates that `templatefile` renders call functions too, and any file of a package may be such a template.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator

import msgspec

from manciple.engine.terraform import expression_reading as reading
from manciple.engine.terraform.hcl import HclError
from manciple.engine.terraform.hcl.cursor import Cursor
from manciple.engine.terraform.hcl.expressions import read_expression
from manciple.engine.terraform.hcl.syntax import Call, Expression
from manciple.engine.terraform.hcl.templates import read_text
from manciple.engine.terraform.package import Package, is_configuration
from manciple.engine.terraform.paths import Paths

READS_FILES = frozenset(
    ("file", "fileexists", "fileset", "templatefile", "filemd5", "filesha1", "filesha256", "filesha512")
) | frozenset(("filebase64", "filebase64sha256", "filebase64sha512"))
RENDERS_FILES = "templatefile"
RENDERS_TEXTS = "templatestring"
"""Renders a text that may come from anywhere, with every function in it."""

OPEN = "a part of its path is known only when it runs"

_TOLD = (b"file", RENDERS_TEXTS.encode())
_MENTIONS = re.compile(rf"\b(?:{'|'.join(sorted(READS_FILES))}|{RENDERS_TEXTS})\s*\(".encode())


class FileCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that may read a file that is not in the package, and why; no function for a text that cannot be read.

    One that `is_open` begins in the package, and leaves it only if what is interpolated leads out.
    """

    function: str
    place: str
    why: str
    is_open: bool = False


def calls_in(file: str, expression: Expression, paths: Paths) -> Iterator[FileCall]:
    """The calls in an expression that may leave the package."""
    for text in reading.unreadable(expression):
        yield FileCall(function="", place=file, why=f"{text[:60]!r} cannot be read as a template")
    for call in reading.calls(expression):
        place = f"{file} line {call.line}"
        if why := _why(call, paths):
            yield FileCall(function=call.name, place=place, why=why)
        elif call.name in READS_FILES and any(map(paths.is_open, call.arguments[: 1 + (call.name == "fileset")])):
            yield FileCall(function=call.name, place=place, why=OPEN, is_open=True)


def renders_files(expressions: Iterable[Expression]) -> bool:
    """Is a file of the package rendered as a template?"""
    return any(call.name == RENDERS_FILES for one in expressions for call in reading.calls(one))


def suspects(package: Package) -> list[str]:
    """The files, if they are templates, that may call what reads files."""
    return [path for path, content in package.files.items() if _is_suspect(path, content)]


def calls_in_template(path: str, content: bytes) -> Iterator[FileCall]:
    """The calls in a file, rendered as a template, that may leave the package. Nothing is known in there."""
    try:
        template = read_text(Cursor(content.decode(errors="replace"), path), read_expression)
    except HclError as error:
        yield FileCall(function=RENDERS_FILES, place=path, why=f"it cannot be read as a template: {error}")
        return
    yield from calls_in(path, template, Paths({}, ""))


def _is_suspect(path: str, content: bytes) -> bool:
    if is_configuration(posixpath.basename(path)) or not any(word in content for word in _TOLD):
        return False
    return _MENTIONS.search(content) is not None


def _why(call: Call, paths: Paths) -> str | None:
    """Why a call may read what is not in the package; None if it does not."""
    if call.name == RENDERS_TEXTS:
        return "the text that it renders may read any file"
    if call.name not in READS_FILES:
        return None
    if not call.arguments:
        return "it has no path"
    pattern = call.arguments[1:2] if call.name == "fileset" else ()
    return paths.leaves(call.arguments[0]) or next(filter(None, map(paths.climbs, pattern)), None)
