"""From what a user types (names, some parameters) to what CreateProvisionedProductPlan takes (ids, all parameters)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from manciple.cli.connection import every
from manciple.cli.product_folder import read_yaml
from manciple.cli.refusal import Refusal

_NAMED = 5
"""As many names are told, at most, where the one that was asked for is none of them."""

_WAYS_OUT = dict.fromkeys(
    ("PLAN_IN_PROGRESS", "AVAILABLE", "TAINTED"), "--discard deletes the plan that is open for it first."
) | {"ERROR": "What failed to launch is not planned again: terminate it, or take another name."}
"""What to do, by a provisioned product's status, where no plan can be made for it now."""


class Wanted(NamedTuple):
    """What the user asked for: product, version and path by id or name, None where the user left it open."""

    product: str
    name: str
    version: str | None = None
    path: str | None = None
    parameters: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}


class Deployed(NamedTuple):
    """The provisioned product that is there already; `status` PLAN_IN_PROGRESS means: only planned so far."""

    id: str
    status: str
    product_id: str
    artifact_id: str

    @property
    def is_launched(self) -> bool:
        """Was it ever executed, so that there are values to keep?"""
        return self.status != "PLAN_IN_PROGRESS"


class LaunchRequest(NamedTuple):
    """The input of CreateProvisionedProductPlan, and what it means in words."""

    title: str
    input: Mapping[str, Any]
    deployed: Deployed | None

    @property
    def way_out(self) -> str:
        """What to do if no plan can be made now."""
        return _WAYS_OUT.get(self.deployed.status, "") if self.deployed else ""


def make_request(catalog: Any, wanted: Wanted) -> LaunchRequest:
    """Find ids for names, choose a version, keep the parameters that are not given.

    A launch takes the newest version, an update stays at the one that is deployed; what an update is not told about
    a parameter keeps its value. Raises Refusal for a name that stands for nothing, or for several things.
    """
    product_id = _find_product(catalog, wanted.product)
    product = catalog.describe_product(Id=product_id)
    deployed = _find_deployed(catalog, wanted.name)
    artifact_id = _choose_version(product["ProvisioningArtifacts"], wanted, product_id, deployed)
    path = {"PathId": _find_path(catalog, product_id, wanted.path)} if wanted.path else {}
    target = {"ProductId": product_id, "ProvisioningArtifactId": artifact_id, **path}
    kept = _kept_parameters(catalog, target, deployed) - set(wanted.parameters)
    given: list[dict[str, Any]] = [{"Key": key, "Value": value} for key, value in wanted.parameters.items()]
    previous = [{"Key": key, "UsePreviousValue": True} for key in sorted(kept)]
    request = {
        **target,
        "PlanName": wanted.name,
        "PlanType": "CLOUDFORMATION",
        "ProvisionedProductName": wanted.name,
        "ProvisioningParameters": given + previous,
        "Tags": [{"Key": key, "Value": value} for key, value in wanted.tags.items()],
    }
    return LaunchRequest(_title(product, wanted.name, artifact_id, deployed), request, deployed)


def read_parameters(file: Path) -> dict[str, str]:
    """Parameters from a YAML or JSON file: a mapping, or the list that the AWS command line takes.

    Raises Refusal naming the file and what is wrong with it.
    """
    content = read_yaml(file) or {}
    if isinstance(content, list):
        content = {_either(item, "ParameterKey", "Key"): _either(item, "ParameterValue", "Value") for item in content}
    if isinstance(content, dict) and all(isinstance(value, str) for value in content.values()):
        return content
    raise Refusal(f"{file} holds no parameters: it must be a mapping of names to texts, or a list of Key and Value.")


def read_pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    """`K=V` texts as a mapping; raises Refusal for one without a key or `=`."""
    pairs = [text.partition("=") for text in texts]
    for text, (key, separator, _) in zip(texts, pairs, strict=True):
        if not (key and separator):
            raise Refusal(f"{flag} {text!r} is not KEY=VALUE.")
    return {key: value for key, _, value in pairs}


def _either(item: Any, *names: str) -> Any:
    return next((item[name] for name in names if isinstance(item, dict) and name in item), None)


def _find_product(catalog: Any, product: str) -> str:
    if re.fullmatch("prod-[a-z0-9]{13}", product):
        return product
    views = list(every(catalog.search_products, "ProductViewSummaries"))
    found = [view["ProductId"] for view in views if view["Name"] == product]
    if not found and _is_offered_to_nobody(catalog, product):
        raise Refusal(
            f"Product {product!r} is there, but no portfolio lets you launch it: `manciple publish` with --principal, "
            "or with `principals` in its product.yaml, lets you in."
        )
    what = f"product {product!r} that you may launch in {catalog.meta.region_name}"
    return _only(found, what, [view["Name"] for view in views])


def _is_offered_to_nobody(catalog: Any, product: str) -> bool:
    """Is a product that is not seen by those who launch seen by those who publish?"""
    try:
        views = every(catalog.search_products_as_admin, "ProductViewDetails")
        return any(view["ProductViewSummary"]["Name"] == product for view in views)
    except catalog.exceptions.ClientError:
        return False  # who may not publish learns no more


def _find_deployed(catalog: Any, name: str) -> Deployed | None:
    try:
        detail = catalog.describe_provisioned_product(Name=name)["ProvisionedProductDetail"]
    except catalog.exceptions.ResourceNotFoundException:
        return None
    return Deployed(detail["Id"], detail["Status"], detail["ProductId"], detail["ProvisioningArtifactId"])


def _choose_version(artifacts: Sequence[Any], wanted: Wanted, product_id: str, deployed: Deployed | None) -> str:
    if wanted.version:
        found = [found["Id"] for found in artifacts if wanted.version in (found["Id"], found.get("Name"))]
        return _only(found, f"version {wanted.version!r} of {wanted.product}", version_names(artifacts).values())
    if deployed and deployed.is_launched and deployed.product_id == product_id:
        return deployed.artifact_id
    current = [found for found in artifacts if found.get("Guidance") != "DEPRECATED"]
    if not current:
        raise Refusal(f"{wanted.product} has no version to launch; name one with --version.")
    return str(max(current, key=lambda found: found["CreatedTime"])["Id"])


def _find_path(catalog: Any, product_id: str, path: str) -> str:
    summaries = list(every(catalog.list_launch_paths, "LaunchPathSummaries", ProductId=product_id))
    found = [summary["Id"] for summary in summaries if path in (summary["Id"], summary["Name"])]
    return _only(found, f"launch path {path!r} of {product_id}", [summary["Name"] for summary in summaries])


def _kept_parameters(catalog: Any, target: Mapping[str, str], deployed: Deployed | None) -> set[str]:
    """The parameters that both the deployed version and the wanted one have."""
    if deployed is None or not deployed.is_launched:
        return set()
    wanted = _parameter_keys(catalog, target)
    if deployed.artifact_id == target["ProvisioningArtifactId"]:
        return wanted
    before = {**target, "ProductId": deployed.product_id, "ProvisioningArtifactId": deployed.artifact_id}
    return wanted & _parameter_keys(catalog, before)


def _parameter_keys(catalog: Any, target: Mapping[str, str]) -> set[str]:
    """The parameters of a version, as far as they are known: nobody may be there to read what is no template."""
    try:
        described = catalog.describe_provisioning_parameters(**target)
    except catalog.exceptions.InvalidParametersException as error:
        if "parameter parsing" in str(error):
            return set()
        raise
    return {parameter["ParameterKey"] for parameter in described["ProvisioningArtifactParameters"]}


def _title(product: Any, name: str, artifact_id: str, deployed: Deployed | None) -> str:
    names = version_names(product["ProvisioningArtifacts"])
    what = f"{product['ProductViewSummary']['Name']} {names.get(artifact_id, artifact_id)}"
    if deployed is None or not deployed.is_launched:
        return f"Launch {name}: {what}"
    if deployed.artifact_id == artifact_id:
        return f"Update {name}: {what}, the version that it is at"
    return f"Update {name} to {what} (it is at {names.get(deployed.artifact_id, deployed.artifact_id)})"


def version_names(artifacts: Sequence[Any]) -> dict[str, str]:
    """The versions' names by their ids; the id of one that has no name."""
    return {artifact["Id"]: artifact.get("Name", artifact["Id"]) for artifact in artifacts}


def _only(ids: Sequence[str], what: str, there_are: Iterable[str]) -> str:
    if len(ids) == 1:
        return ids[0]
    if ids:
        raise Refusal(f"There is more than one {what} ({', '.join(ids)}); give the id.")
    known = sorted(set(there_are))
    named = ", ".join(repr(name) for name in known[:_NAMED]) + (", …" if len(known) > _NAMED else "")
    raise Refusal(f"There is no {what}; there {'are' if len(known) > 1 else 'is'} {named or 'none'}.")
