"""Everything that is wrong with a request, in AWS's words."""

import traceback
from typing import Any

import pytest

from manciple.api import shapes
from manciple.errors import SerializationException, ServiceError, ValidationException
from manciple.wire import aws_json
from manciple.wire.explain import refusal

ID = r"Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\-]*"
NOT_NULL = "Member must not be null"


def faults(operation: str, **raw: Any) -> list[str]:
    """Return the sentences of the ValidationException for an input, without what they have in common."""
    error = refusal(raw, shapes.OPERATIONS[operation].input)
    assert isinstance(error, ValidationException)
    count, _, sentences = error.message.partition(" detected: ")
    found = sentences.split("; ")
    assert count == ("1 validation error" if len(found) == 1 else f"{len(found)} validation errors")
    return [sentence.replace(" failed to satisfy constraint", "") for sentence in found]


def misfit(operation: str, **raw: Any) -> str:
    error = refusal(raw, shapes.OPERATIONS[operation].input)
    assert isinstance(error, SerializationException)
    return error.message


def test_one_fault_is_told_in_the_singular() -> None:
    error = refusal({"PortfolioId": "xx!"}, shapes.ListPortfolioAccessInput)

    assert error.message == (
        f"1 validation error detected: Value 'xx!' at 'portfolioId' failed to satisfy constraint: {ID}"
    )


def test_all_faults_are_told_at_once() -> None:
    error = refusal({"PortfolioId": "xx!"}, shapes.AssociateProductWithPortfolioInput)

    assert error.message == (
        f"2 validation errors detected: Value 'xx!' at 'portfolioId' failed to satisfy constraint: {ID}; "
        "Value null at 'productId' failed to satisfy constraint: Member must not be null"
    )


def test_of_one_value_the_pattern_comes_before_the_length() -> None:
    token = r"Member must satisfy regular expression pattern: [a-zA-Z0-9][a-zA-Z0-9_-]*"

    assert faults("ExecuteProvisionedProductPlan", PlanId="", IdempotencyToken="") == [
        f"Value '' at 'idempotencyToken': {token}",
        "Value '' at 'idempotencyToken': Member must have length greater than or equal to 1",
        "Value '' at 'planId': Member must have length greater than or equal to 1",
    ]


def test_lengths_values_and_enums_name_their_bounds() -> None:
    assert faults("SearchProducts", AcceptLanguage="e" * 101, PageSize=101, SortOrder="UP") == [
        f"Value '{'e' * 101}' at 'acceptLanguage': Member must have length less than or equal to 100",
        "Value '101' at 'pageSize': Member must have value less than or equal to 100",
        "Value 'UP' at 'sortOrder': Member must satisfy enum value set: [ASCENDING, DESCENDING]",
    ]
    assert faults("ScanProvisionedProducts", PageSize=-1) == [
        "Value '-1' at 'pageSize': Member must have value greater than or equal to 0"
    ]


def test_a_member_of_a_structure_in_a_list_is_named_by_its_place_counted_from_one() -> None:
    given = {"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "c"}

    assert faults("CreatePortfolio", **given, Tags=[{"Key": "k", "Value": "v"}, {"Key": "k", "Value": ""}, None]) == [
        "Value '' at 'tags.2.member.value': Member must have length greater than or equal to 1",
        f"Value null at 'tags.3.member': {NOT_NULL}",
    ]


def test_a_member_of_a_member_is_named_by_its_path() -> None:
    given: dict[str, Any] = {"Name": "a", "Owner": "b", "ProductType": "EXTERNAL", "IdempotencyToken": "c"}
    connection = {"ConnectionParameters": {"CodeStar": {"ConnectionArn": "arn:aws:codestar-connections:::x"}}}

    assert faults("CreateProduct", **given, SourceConnection=connection) == [
        f"Value null at 'sourceConnection.connectionParameters.codeStar.artifactPath': {NOT_NULL}",
        f"Value null at 'sourceConnection.connectionParameters.codeStar.branch': {NOT_NULL}",
        f"Value null at 'sourceConnection.connectionParameters.codeStar.repository': {NOT_NULL}",
    ]


def test_a_list_of_strings_answers_for_its_items_with_all_their_constraints() -> None:
    pattern = shapes.NotificationArn.__metadata__[0].extra["pattern"]  # type: ignore[attr-defined]
    given = {"ProductId": "a", "ProvisioningArtifactId": "b", "ProvisionedProductName": "c", "ProvisionToken": "d"}

    assert faults("ProvisionProduct", **given, NotificationArns=["x", "arn:aws:sns:::t"]) == [
        (
            "Value '[x, arn:aws:sns:::t]' at 'notificationArns': Member must satisfy constraint: ["
            "Member must have length less than or equal to 1224, Member must have length greater than or equal to 1, "
            f"Member must satisfy regular expression pattern: {pattern}]"
        )
    ]
    assert faults("GetProvisionedProductOutputs", OutputKeys=["a", None]) == [
        f"Value '[a, null]' at 'outputKeys': Member must satisfy constraint: [{NOT_NULL}]"
    ]


def test_a_list_that_is_too_long_is_told_once() -> None:
    tags = [{"Key": "k", "Value": "v"}] * 21

    (fault,) = faults("UpdatePortfolio", Id="port-1", AddTags=tags)

    assert fault.endswith("at 'addTags': Member must have length less than or equal to 20")
    assert fault.startswith("Value '[{Key=k, Value=v}, ")


def test_a_map_answers_for_its_keys_and_values() -> None:
    assert faults("SearchProducts", Filters={"Foo": ["x"]}) == [
        (
            "Value '{Foo=[x]}' at 'filters': Map keys must satisfy constraint: "
            "[Member must satisfy enum value set: [FullTextSearch, Owner, ProductType, SourceProductId]]"
        )
    ]
    assert faults("SearchProducts", Filters={"Owner": None}) == [
        f"Value '{{Owner=null}}' at 'filters': Map value must satisfy constraint: [{NOT_NULL}]"
    ]
    given = {"ProvisionedProductId": "a", "IdempotencyToken": "b"}
    assert faults("UpdateProvisionedProductProperties", **given, ProvisionedProductProperties={}) == [
        "Value '{}' at 'provisionedProductProperties': Member must have length greater than or equal to 1"
    ]


def test_a_map_in_a_list_is_named_by_its_place() -> None:
    given = {"SourceProductArn": "arn:aws:catalog:::p", "IdempotencyToken": "a"}

    (fault,) = faults("CopyProduct", **given, SourceProvisioningArtifactIdentifiers=[{"Id": "a"}, {"No": "b"}])

    assert fault.startswith("Value '{No=b}' at 'sourceProvisioningArtifactIdentifiers.2.member': Map keys must")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"PageToken": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"PageToken": 1.5}, "NUMBER_VALUE can not be converted to a String"),
        ({"PageToken": True}, "TRUE_VALUE can not be converted to a String"),
        ({"PageToken": False}, "FALSE_VALUE can not be converted to a String"),
        ({"PageToken": ["a"]}, "Start of list found where not expected"),
        ({"PageToken": {"a": 1}}, "Start of structure or map found where not expected."),
        ({"PageSize": "1"}, "STRING_VALUE can not be converted to an Integer"),
        ({"PageSize": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"PageSize": 1.0}, "NUMBER_VALUE can not be converted to an Integer"),
        ({"SortOrder": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"Filters": "x"}, "Expected null"),
        ({"Filters": ["x"]}, "Start of list found where not expected"),
        ({"Filters": {"SearchQuery": "x"}}, "Expected list or null"),
        ({"Filters": {"SearchQuery": {}}}, "Start of structure or map found where not expected."),
        ({"Filters": {"SearchQuery": [1]}}, "NUMBER_VALUE can not be converted to a String"),
        ({"AccessLevelFilter": 3}, "Expected null"),
        ({"AccessLevelFilter": []}, "Start of list found where not expected"),
    ],
)
def test_a_value_of_another_type_is_a_serialization_exception(raw: dict[str, Any], message: str) -> None:
    assert misfit("SearchProvisionedProducts", **raw) == message


def test_a_number_is_no_boolean() -> None:
    assert misfit("DeleteProvisionedProductPlan", PlanId="a", IgnoreErrors=1) == (
        "NUMBER_VALUE can not be converted to a Boolean"
    )


def test_a_wrong_type_is_told_alone() -> None:
    assert misfit("DeleteProvisionedProductPlan", PlanId="not an id", IgnoreErrors="yes") == (
        "STRING_VALUE can not be converted to a Boolean"
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [([], "Start of list found where not expected"), (None, "Expected a structure."), ("x", "Expected null")],
)
def test_a_body_that_is_no_structure_says_so(raw: object, message: str) -> None:
    assert refusal(raw, shapes.DescribeRecordInput).message == message


def test_no_more_than_500_faults_are_told() -> None:
    error = refusal({"Id": "port-1", "AddTags": [{}] * 100_000}, shapes.UpdatePortfolioInput)

    assert error.message.startswith("500 validation errors detected: ")
    assert len(error.message) < 1_000_000


SECRET = "hunter2-" + "x" * 5000
PLAN = {
    "PlanName": "a",
    "PlanType": "CLOUDFORMATION",
    "ProductId": "a",
    "ProvisionedProductName": "a",
    "ProvisioningArtifactId": "a",
    "IdempotencyToken": "a",
}


def test_the_value_of_a_parameter_is_not_repeated() -> None:
    parameters = [{"Key": "Password", "Value": SECRET}]

    assert faults("CreateProvisionedProductPlan", **PLAN, ProvisioningParameters=parameters) == [
        "Value at 'provisioningParameters.1.member.value': Member must have length less than or equal to 4096"
    ]


def test_the_values_of_a_service_action_are_not_repeated() -> None:
    given = {"ProvisionedProductId": "a", "ServiceActionId": "b", "ExecuteToken": "c"}

    assert faults("ExecuteProvisionedProductServiceAction", **given, Parameters={"k": [SECRET]}) == [
        (
            "Value '{k=[****]}' at 'parameters': Map value must satisfy constraint: ["
            "Member must have length less than or equal to 25, "
            "Member must satisfy constraint: [Member must have length less than or equal to 512], "
            "Member must satisfy constraint: [Member must not be null]]"
        )
    ]


def test_no_trace_of_a_refused_input_holds_a_secret() -> None:
    body = b'{"WorkflowToken":"hunter2 is no token","RecordId":"a","Status":"SUCCEEDED","IdempotencyToken":"a"}'

    with pytest.raises(ServiceError) as caught:
        aws_json.decode(shapes.OPERATIONS["NotifyTerminateProvisionedProductEngineWorkflowResult"], body)

    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert "Value at 'workflowToken'" in caught.value.message
