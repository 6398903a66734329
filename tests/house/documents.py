"""Documents as they are read: code blocks run from top to bottom, in one shell, and print what the document says.

```sh        commands; they must succeed
```python    a program; likewise
```console   `$ command` and its output; a line `…` stands for any lines, ids and addresses may be others.
             The id of a plan in a command is that of the plan that was printed last.
```          not run: a picture, a table, the first steps of a reader
"""

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOT

_BLOCK = re.compile(r"^```(sh|python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PLAN = re.compile(r"\bplan-[a-z0-9]{13}\b")
_MARK = "@@ next step"
_RUN = f"""
{{
%s}} >printed
cat printed
grep -oE 'plan-[a-z0-9]{{13}}' printed | tail -1 >plan && [ -s plan ] && mv plan last-plan || true
echo '{_MARK}'
"""
_VARYING = [
    (re.compile(r"\b(port|prod|pa|rec|plan|pp)-[a-z0-9]{13}\b"), r"\1-ID"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"-([A-Z0-9]{12}|[a-z0-9]{12})\b"), "-SUFFIX"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "URL"),
    (re.compile(r"\bAKIA[A-Z2-7]{16}\b"), "KEY"),
    (re.compile(r"(AWS_SECRET_ACCESS_KEY=)[\w-]{40}"), r"\1SECRET"),
    (re.compile(r"(database is at version )\d{4}"), r"\1NUMBER"),
]


@dataclass(frozen=True)
class Step:
    """One thing to run, and what it must print; None if the document does not say."""

    script: str
    output: str | None = None


def steps(document: Path) -> Iterator[Step]:
    """What a document has its reader run."""
    for language, text in _BLOCK.findall(document.read_text()):
        if language == "sh":
            yield Step(text)
        elif language == "python":
            yield Step(f"python - <<'PYTHON'\n{text}PYTHON\n")
        else:
            for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                line, _, output = command.partition("\n")
                line = _PLAN.sub("$(cat last-plan)", line)
                yield Step(f"{line} || [ $? -eq 2 ]  # a plan with changes ends with 2\n", output)


def run(document: Path, directory: Path, replaced: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    """Run a document in a directory that looks like a checkout; what differs from it, step by step.

    `replaced` are texts of the document and what to run instead, `environ` variables that its reader has set.
    """
    (directory / "examples").symlink_to(ROOT / "examples")
    commands = directory / "bin"
    commands.mkdir()
    (commands / "manciple").write_text(f'#!/bin/sh\nexec {sys.executable} -m manciple.cli "$@"\n')
    (commands / "manciple").chmod(0o755)
    expected = list(steps(document))
    script = "set -eu\n" + "".join(_RUN % step.script for step in expected)
    for text, instead in replaced.items():
        script = script.replace(text, instead)
    path = os.pathsep.join((str(commands), str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {"PATH": path, "HOME": str(directory), "PYTHONPATH": str(ROOT / "src"), "NO_PROXY": "127.0.0.1"}
    command = ["bash", "-c", script]
    done = subprocess.run(
        command, cwd=directory, env=environment | dict(environ), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return [f"ended with {done.returncode}: {done.stderr}\n{done.stdout[-2000:]}"]
    printed = done.stdout.split(f"{_MARK}\n")[:-1]
    return [difference(step, text) for step, text in zip(expected, printed, strict=True) if not prints(step, text)]


def prints(step: Step, text: str) -> bool:
    """Is this what a step should print?"""
    return step.output is None or re.fullmatch(_pattern(step.output), settled(text)) is not None


def difference(step: Step, text: str) -> str:
    """What a step printed, against what its document says."""
    said, printed = settled(step.output or "").splitlines(), settled(text).splitlines()
    return "\n".join(difflib.unified_diff(said, printed, step.script.strip(), "printed", lineterm=""))


def settled(text: str) -> str:
    """A text with whatever differs from run to run replaced by what it is."""
    for varying, name in _VARYING:
        text = varying.sub(name, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _pattern(output: str) -> str:
    lines = settled(output).splitlines()
    return "".join(r"(?:.*\n)*?" if line.strip() == "…" else f"{re.escape(line)}\n" for line in lines)
