"""Source connections: what a caller may name in a repository, checked before anything is run.

The operator maps each connection's ARN to a place; a caller names `account/repo`, a branch and a path below it and
nothing else (service-catalog-api reference, 5.10). The rules for branches are git's (`git check-ref-format`), narrowed.
"""

import re

from manciple.errors import InvalidParametersException

_REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*", re.ASCII)
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=#-]*(/[A-Za-z0-9_][A-Za-z0-9._+=#-]*)*", re.ASCII)
_PART = re.compile(r"[^\x00-\x1f\x7f\\:-][^\x00-\x1f\x7f\\:]*")


def check_repository(text: str) -> None:
    """Raise InvalidParametersException unless a text is `account/repo`."""
    if not _REPOSITORY.fullmatch(text) or ".." in text:
        raise InvalidParametersException(f"Repository {text!r} must be of the form account/repo.")


def check_branch(text: str) -> None:
    """Raise InvalidParametersException unless a text is the name of a branch."""
    is_odd = ".." in text or text.endswith(".") or any(part.endswith(".lock") for part in text.split("/"))
    if not _BRANCH.fullmatch(text) or is_odd:
        raise InvalidParametersException(f"Branch {text!r} is not the name of a branch.")


def check_artifact_path(text: str) -> None:
    """Raise InvalidParametersException unless a text is the path of a file below the root of a repository."""
    parts = text.split("/")
    if not all(_PART.fullmatch(part) and part not in {".", ".."} and part.lower() != ".git" for part in parts):
        raise InvalidParametersException(
            f"ArtifactPath {text!r} must be the path of a file in the repository, like folder/file.json."
        )
