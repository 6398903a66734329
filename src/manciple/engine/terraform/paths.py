"""Functions that read files while Terraform plans, and whether what they read lies in the package.

`file("/etc/passwd")` needs no provider and no apply. A path counts as inside if it provably begins there: a plain
relative path, or `path.module`, `path.root` and the like followed by more, with no `..` that leads out and no `~`. What
is interpolated further on is not known; docs/decisions/terraform-packages.md says what remains.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from manciple.engine.terraform import expression_reading as reading
from manciple.engine.terraform.hcl import HclError
from manciple.engine.terraform.hcl.cursor import Cursor
from manciple.engine.terraform.hcl.expressions import read_expression
from manciple.engine.terraform.hcl.syntax import Call, Conditional, Expression, JsonText, Reference, Template
from manciple.engine.terraform.hcl.templates import read_text
from manciple.engine.terraform.package import Package, is_configuration

READS_FILES = frozenset(
    ("file", "fileexists", "fileset", "templatefile", "filemd5", "filesha1", "filesha256", "filesha512")
) | frozenset(("filebase64", "filebase64sha256", "filebase64sha512"))
RENDERS = "templatestring"
"""Renders a text that may come from anywhere, with every function in it."""

_ROOTS = {"module", "root", "cwd"}
_MENTIONS = re.compile(rf"\b(?:{'|'.join(sorted(READS_FILES))}|{RENDERS})\s*\(")
_FARTHEST = 10


class FileCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that may read a file that is not in the package, and why."""

    function: str
    place: str
    why: str


class PathRule(NamedTuple):
    """What is known where a path is written: local values, and the module's directory."""

    local_values: Mapping[str, Expression]
    directory: str


def file_calls(package: Package, expressions: Iterator[tuple[str, Expression]], rule: PathRule) -> Iterator[FileCall]:
    """The calls that may leave the package, in files and in the templates that `templatefile` may render."""
    renders = False
    for file, expression in expressions:
        for text in reading.unreadable(expression):
            yield FileCall(function="", place=file, why=f"{text[:60]!r} cannot be read as a template")
        for call in reading.calls(expression):
            renders = renders or call.name == "templatefile"
            yield from _outside(call, f"{file} line {call.line}", rule)
    if renders:
        yield from _in_templates(package, rule)


def _in_templates(package: Package, rule: PathRule) -> Iterator[FileCall]:
    """Templates call functions too; any file of the package may be one."""
    for path, content in package.files.items():
        text = content.decode(errors="replace")
        if is_configuration(posixpath.basename(path)) or not _MENTIONS.search(text):
            continue
        try:
            template = read_text(Cursor(text, path), read_expression)
        except HclError as error:
            yield FileCall(function="templatefile", place=path, why=f"it cannot be read as a template: {error}")
            continue
        for call in reading.calls(template):
            yield from _outside(call, f"{path} line {call.line}", rule)


def _outside(call: Call, place: str, rule: PathRule) -> Iterator[FileCall]:
    if call.name == RENDERS:
        yield FileCall(function=RENDERS, place=place, why="the text that it renders may read any file")
    if call.name in READS_FILES and (why := _why(call, rule)):
        yield FileCall(function=call.name, place=place, why=why)


def _why(call: Call, rule: PathRule) -> str | None:
    """Why the path of a call may lead out of the package; None if it does not."""
    paths = call.arguments[: 2 if call.name == "fileset" else 1]
    for count, path in enumerate(paths):
        if why := _leaves(path, rule, _FARTHEST, begins=count == 0):
            return why
    return None if paths else "it has no path"


def _leaves(path: Expression, rule: PathRule, left: int, *, begins: bool) -> str | None:
    match path:
        case JsonText(template=template) if template is not None:
            return _leaves(template, rule, left, begins=begins)
        case Template(parts=parts):
            return _leaves_text(parts, rule, left, begins=begins)
        case Reference(name="path", steps=(str() as root,)) if root in _ROOTS:
            return None
        case Reference(name="local", steps=(str() as name,)) if name in rule.local_values and left:
            return _leaves(rule.local_values[name], rule, left - 1, begins=begins)
        case Conditional(if_true=first, if_false=second):
            return _leaves(first, rule, left, begins=begins) or _leaves(second, rule, left, begins=begins)
    return "where its path begins is known only when it runs" if begins else None


def _leaves_text(parts: tuple[str | Expression, ...], rule: PathRule, left: int, *, begins: bool) -> str | None:
    first, rest = (parts[0], parts[1:]) if parts else ("", ())
    if isinstance(first, str):
        if begins and first.startswith(("/", "~", "\\")):
            return f"{first!r} is not in the package"
        return _climbs(parts, 0)
    if why := _leaves(first, rule, left, begins=begins):
        return why
    is_root = isinstance(first, Reference) and first.name == "path"
    if is_root and rest and not (isinstance(rest[0], str) and rest[0].startswith("/")):
        return "what follows the directory does not begin with /"
    return _climbs(rest, _depth(rule) if isinstance(first, Reference) and first.steps == ("module",) else 0)


def _climbs(parts: tuple[str | Expression, ...], depth: int) -> str | None:
    """Does a path climb above the package, where it begins so many directories deep in it?"""
    whole = "".join(part if isinstance(part, str) else "…" for part in parts)
    for part in whole.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return f"{whole!r} leads out of the package"
    return None


def _depth(rule: PathRule) -> int:
    return len(rule.directory.split("/")) if rule.directory else 0
