"""What AWS's service model says of the 90 operations, for tests that one rule writes for many of them."""

from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

MODEL: Any = ServiceModel(Loader().load_service_model("servicecatalog", "service-2"))
NAMES: list[str] = sorted(MODEL.operation_names)
TOKENS = ("IdempotencyToken", "ProvisionToken", "UpdateToken", "TerminateToken", "ExecuteToken")


def errors_of(name: str) -> set[str]:
    """The errors that an operation can end in, by the model."""
    return {shape.name for shape in MODEL.operation_model(name).error_shapes}


def members_of(name: str) -> dict[str, Any]:
    """The members of an operation's input."""
    return dict(MODEL.operation_model(name).input_shape.members)


def outputs_of(name: str) -> dict[str, Any]:
    """The members of an operation's output."""
    shape = MODEL.operation_model(name).output_shape
    return dict(shape.members) if shape else {}


def method_of(name: str) -> str:
    """The method of boto3's client."""
    return xform_name(name)


def token_of(name: str) -> str | None:
    """The member that makes an operation's repetition harmless, if it has one."""
    return next((member for member in TOKENS if member in members_of(name)), None)


def paged() -> list[str]:
    """The operations that answer in pages."""
    return [name for name in NAMES if "PageSize" in members_of(name)]


def page_token_of(name: str) -> str:
    """The member of an output with the next page's token."""
    return next(member for member in ("NextPageToken", "PageToken") if member in outputs_of(name))
