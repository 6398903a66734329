"""The generated shapes, against the model that they come from."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from botocore import xform_name
from botocore.loaders import Loader

from manciple import errors
from manciple.api import shapes
from manciple.api.model import Shape
from manciple.api.timestamps import Timestamp

SCRIPT = Path(__file__).parents[3] / "scripts/gen_shapes.py"
MODEL: dict[str, Any] = Loader().load_service_model("servicecatalog", "service-2", shapes.VERSION)


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_shapes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_module_is_what_the_script_writes(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gen_shapes.py", "--check"])

    assert script.main() == 0, "run `make gen`"


def test_all_90_operations_are_there() -> None:
    assert sorted(MODEL["operations"]) == list(shapes.OPERATIONS)
    assert len(shapes.OPERATIONS) == 90


def test_every_modelled_error_can_be_raised() -> None:
    named = {error for operation in shapes.OPERATIONS.values() for error in operation.errors}

    assert all(issubclass(getattr(errors, name), errors.ServiceError) for name in named)
    assert len(named) == 8


@pytest.mark.parametrize("name", [n for n, shape in MODEL["shapes"].items() if shape["type"] == "structure"])
def test_a_structure_has_the_members_of_the_model_in_order_of_name(name: str) -> None:
    shape = MODEL["shapes"][name]
    if shape.get("exception"):
        assert not hasattr(shapes, name)
        return

    fields = msgspec.structs.fields(getattr(shapes, name))

    assert [field.encode_name for field in fields] == sorted(shape["members"])
    assert [field.name for field in fields] == [xform_name(member) for member in sorted(shape["members"])]
    assert {field.encode_name for field in fields if field.required} == set(shape.get("required", ()))


def test_an_operation_names_its_token() -> None:
    assert shapes.OPERATIONS["ExecuteProvisionedProductPlan"].token == "idempotency_token"
    assert shapes.OPERATIONS["ProvisionProduct"].token == "provision_token"
    assert shapes.OPERATIONS["DescribeRecord"].token is None


def test_answers_may_hold_values_outside_the_model() -> None:
    detail = shapes.ProductViewDetail(created_time=Timestamp(0), status="CREATED")

    assert msgspec.convert({"Status": "CREATED"}, shapes.ProductViewDetail).status == detail.status


def test_a_shape_cannot_be_changed() -> None:
    tag = shapes.Tag(key="a", value="b")

    with pytest.raises(AttributeError):
        tag.key = "c"  # type: ignore[misc]
    assert isinstance(tag, Shape)
