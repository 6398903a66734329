"""A product folder: `product.yaml` says what to publish, the templates of its versions lie beside it.

    name: Order intake
    owner: Platform team
    portfolio: Starter kits
    principals: ["arn:aws:iam:::role/*"]
    versions:
      - {name: v1, template: v1.yaml, description: A queue and a table}

Every value is text (`1.0` and `yes` stay what they look like), as Service Catalog takes it. A version whose template is
a folder of Terraform files, or a `.tar.gz` of such, makes a Terraform product; a folder with Terraform files and no
`product.yaml` is one with a version that its content names.
"""

import getpass
import hashlib
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import yaml

from manciple.cli.package_folder import is_package_folder, pack
from manciple.cli.refusal import Refusal

TEMPLATE_TYPE: Literal["CLOUD_FORMATION_TEMPLATE"] = "CLOUD_FORMATION_TEMPLATE"
TERRAFORM_TYPE: Literal["TERRAFORM_OPEN_SOURCE"] = "TERRAFORM_OPEN_SOURCE"
ProductType = Literal["CLOUD_FORMATION_TEMPLATE", "TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL"]
DIGITS = 12

T = TypeVar("T")

NAME = "product.yaml"


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of the product; `template` is the path, relative to the folder, of a file or of a Terraform folder."""

    name: str
    template: str
    description: str | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `product.yaml` says. `principals` are IAM ARNs, or patterns: ARNs without an account, with `*` and `?`.

    Without a `type`, the versions' templates tell it.
    """

    name: str
    owner: str
    type: ProductType | None = None
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
    if not (folder / NAME).exists() and is_package_folder(folder):
        return _of_content(folder)
    product = convert(read_yaml(folder / NAME), Product, folder / NAME)
    if not product.versions:
        raise Refusal(f"{folder / NAME} names no version; a product has at least one.")
    return msgspec.structs.replace(product, type=product.type or _type_of(folder, product))


def read_template(folder: Path, version: Version) -> bytes:
    """The template of a version, as it is in its file, or the package that a folder makes."""
    path = folder / version.template
    return pack(path) if path.is_dir() else _read(path)


def _of_content(folder: Path) -> Product:
    """A product without a description, which its folder names."""
    name = hashlib.sha256(pack(folder)).hexdigest()[:DIGITS]
    version = Version(name=name, template=".")
    return Product(name=folder.resolve().name, owner=getpass.getuser(), type=TERRAFORM_TYPE, versions=(version,))


def _type_of(folder: Path, product: Product) -> ProductType:
    packages = [_is_package(folder / version.template) for version in product.versions]
    if any(packages) and not all(packages):
        raise Refusal(f"{folder / NAME} names templates and Terraform packages; a product has one kind of versions.")
    return TERRAFORM_TYPE if packages[0] else TEMPLATE_TYPE


def _is_package(path: Path) -> bool:
    return path.is_dir() or path.name.endswith((".tar.gz", ".tgz"))


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
