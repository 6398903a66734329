"""Properties as the types of their schema."""

from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.typed_values import typed_properties
from manciple.template.values import Value

SCHEMA = ResourceSchema(
    properties={
        "Count": {"type": "integer"},
        "Share": {"type": "number"},
        "On": {"type": "boolean"},
        "Name": {"type": "string"},
        "Either": {"type": ["object", "string"]},
        "Rules": {"type": "array", "items": {"$ref": "#/definitions/Rule"}},
        "Labels": {"type": "object", "patternProperties": {".*": {"type": "integer"}}},
    },
    definitions={
        "Rule": {"type": "object", "properties": {"Port": {"$ref": "#/definitions/Port"}}},
        "Port": {"type": "integer"},
    },
)


def test_scalars_get_the_types_of_the_schema() -> None:
    given: dict[str, Value] = {"Count": "5", "Share": "0.5", "On": "true", "Name": "7"}

    assert typed_properties(given, SCHEMA) == {"Count": 5, "Share": 0.5, "On": True, "Name": "7"}


def test_references_lists_and_open_names_are_followed() -> None:
    given: dict[str, Value] = {"Rules": [{"Port": "22"}], "Labels": {"any": "1"}}

    assert typed_properties(given, SCHEMA) == {"Rules": [{"Port": 22}], "Labels": {"any": 1}}


def test_what_does_not_fit_or_is_not_described_stays_text() -> None:
    given: dict[str, Value] = {"Count": "****", "On": "perhaps", "Either": "1", "Unknown": "1", "Share": "1e"}

    assert typed_properties(given, SCHEMA) == given


def test_a_real_schema_serves() -> None:
    queue = schema_of("AWS::SQS::Queue")

    assert queue is not None
    assert typed_properties({"DelaySeconds": "5", "FifoQueue": "false"}, queue) == {
        "DelaySeconds": 5,
        "FifoQueue": False,
    }
