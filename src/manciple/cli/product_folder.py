"""A product folder: `product.yaml` says what to publish, the templates of its versions lie beside it.

    name: Order intake
    owner: Platform team
    portfolio: Starter kits
    principals: ["arn:aws:iam:::role/*"]
    versions:
      - {name: v1, template: v1.yaml, description: A queue and a table}

Every value is text (`1.0` and `yes` stay what they look like), as Service Catalog takes it.
"""

from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from manciple.cli.refusal import Refusal

T = TypeVar("T")

NAME = "product.yaml"


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of the product; `template` is a file's path relative to the folder."""

    name: str
    template: str
    description: str | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `product.yaml` says. `principals` are IAM ARNs, or patterns: ARNs without an account, with `*` and `?`."""

    name: str
    owner: str
    portfolio: str | None = None
    principals: tuple[str, ...] = ()
    versions: tuple[Version, ...]
    description: str | None = None
    distributor: str | None = None
    support_description: str | None = None
    support_email: str | None = None
    support_url: str | None = None
    tags: dict[str, str] = {}


def read_product(folder: Path) -> Product:
    """Read a product folder's `product.yaml`; raises Refusal naming the file and what is wrong with it."""
    if folder.is_file():
        raise Refusal(f"{folder} is a file; publish the folder that holds {NAME} and the templates.")
    product = convert(read_yaml(folder / NAME), Product, folder / NAME)
    if not product.versions:
        raise Refusal(f"{folder / NAME} names no version; a product has at least one.")
    return product


def read_template(folder: Path, version: Version) -> bytes:
    """The template of a version, as it is in its file."""
    return _read(folder / version.template)


def read_yaml(file: Path) -> Any:
    """The content of a YAML or JSON file with every scalar as text."""
    try:
        return yaml.load(_read(file), Loader=yaml.BaseLoader)  # noqa: S506 - builds texts, lists and mappings only
    except yaml.MarkedYAMLError as error:
        raise Refusal(f"{file} is not YAML: {error.problem}{_place(error.problem_mark)}.") from error
    except yaml.YAMLError as error:
        raise Refusal(f"{file} is not YAML: {' '.join(str(error).split())}.") from error


def _place(mark: yaml.Mark | None) -> str:
    return f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def convert(content: Any, kind: type[T], file: Path) -> T:
    """The content of a file as a structure; raises Refusal saying where it does not fit."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise Refusal(f"{file}: {error}.") from error


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refusal(f"{file} cannot be read: {error.strerror}.") from error
