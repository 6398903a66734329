"""Launch paths, and what a launch along one asks for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from manciple.app import Server
from tests.contract.requests import (
    Bucket,
    add_version,
    create_portfolio,
    create_product,
    issue_key,
    offer,
    refusal,
)

RULES = """
AWSTemplateFormatVersion: "2010-09-09"
Description: A queue with rules
Metadata:
  Owner: {Level: 3}
Parameters:
  Stage: {Type: String, Default: test, AllowedValues: [test, live]}
  Topic: {Type: "AWS::SSM::Parameter::Value<String>", Default: /topic}
Rules:
  OnlyTest:
    Assertions:
      - Assert: {"Fn::Contains": [[test], {Ref: Stage}]}
Resources:
  Queue: {Type: "AWS::SQS::Queue"}
Outputs:
  QueueUrl: {Value: !Ref Queue, Description: where to send}
  QueueArn: {Value: !GetAtt Queue.Arn}
"""


def path_id(portfolio_id: str) -> str:
    return portfolio_id.replace("port-", "lpv3-")


def paths(catalog: Any, product_id: str) -> list[str]:
    return [path["Id"] for path in catalog.list_launch_paths(ProductId=product_id)["LaunchPathSummaries"]]


def test_a_path_has_the_suffix_and_the_name_of_its_portfolio(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3)
    portfolio_id = offer(catalog, product_id, "Tools")

    answer = catalog.list_launch_paths(ProductId=product_id)

    assert answer["LaunchPathSummaries"] == [
        {"Id": path_id(portfolio_id), "Name": "Tools", "ConstraintSummaries": [], "Tags": []}
    ]


def test_two_products_of_one_portfolio_have_the_same_path(catalog: Any, s3: Bucket) -> None:
    first, second = create_product(catalog, s3), create_product(catalog, s3)
    portfolio_id = offer(catalog, first)
    catalog.associate_product_with_portfolio(ProductId=second, PortfolioId=portfolio_id)

    assert paths(catalog, first) == paths(catalog, second) == [path_id(portfolio_id)]


def test_paths_are_listed_page_by_page(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3)
    portfolios = [offer(catalog, product_id, f"Portfolio {number}") for number in range(3)]

    pages = list(
        catalog.get_paginator("list_launch_paths").paginate(ProductId=product_id, PaginationConfig={"PageSize": 2})
    )

    assert [len(page["LaunchPathSummaries"]) for page in pages] == [2, 1]
    found = [path["Id"] for page in pages for path in page["LaunchPathSummaries"]]
    assert found == [path_id(portfolio_id) for portfolio_id in portfolios]


def test_a_portfolio_without_principals_is_no_path(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3)
    offer(catalog, product_id, is_open=False)

    answer = refusal(lambda: catalog.list_launch_paths(ProductId=product_id))

    assert answer == ("ResourceNotFoundException", f"No launch paths found for resource: {product_id}")


def test_an_unknown_product_has_no_paths(catalog: Any) -> None:
    answer = refusal(lambda: catalog.list_launch_paths(ProductId="prod-aaaaaaaaaaaaa"))

    assert answer == ("ResourceNotFoundException", "No launch paths found for resource: prod-aaaaaaaaaaaaa")


@pytest.mark.parametrize(
    ("arn", "principal_type", "opens"),
    [
        ("arn:aws:iam::{account}:role/Developer", "IAM", True),
        ("arn:aws:iam::{account}:role/Other", "IAM", False),
        ("arn:aws:iam::210987654321:role/Developer", "IAM", False),
        ("arn:aws:iam:::role/Dev*", "IAM_PATTERN", True),
        ("arn:aws:iam:::role/Ops*", "IAM_PATTERN", False),
    ],
)
def test_a_principal_of_an_issued_key_has_the_paths_that_match_it(
    server: Server, catalog: Any, s3: Bucket, account: str, arn: str, principal_type: str, opens: bool
) -> None:
    product_id = create_product(catalog, s3)
    portfolio_id = offer(catalog, product_id, is_open=False)
    catalog.associate_principal_with_portfolio(
        PortfolioId=portfolio_id, PrincipalARN=arn.format(account=account), PrincipalType=principal_type
    )
    developer = issue_key(server, account, f"arn:aws:sts::{account}:assumed-role/Developer/ann")

    if opens:
        assert paths(developer, product_id) == [path_id(portfolio_id)]
        assert len(developer.search_products()["ProductViewSummaries"]) == 1
    else:
        assert refusal(lambda: paths(developer, product_id))[0] == "ResourceNotFoundException"
        assert developer.search_products()["ProductViewSummaries"] == []


def test_a_root_user_with_a_key_never_has_a_path(server: Server, catalog: Any, s3: Bucket, account: str) -> None:
    product_id = create_product(catalog, s3)
    offer(catalog, product_id)
    root = issue_key(server, account, f"arn:aws:iam::{account}:root")

    code, _ = refusal(lambda: root.list_launch_paths(ProductId=product_id))

    assert code == "ResourceNotFoundException"


@pytest.fixture
def launch(catalog: Any, s3: Bucket) -> dict[str, str]:
    """A product with rules, offered once: the input of DescribeProvisioningParameters."""
    product_id = create_product(catalog, s3, RULES, Name="Ruled")
    offer(catalog, product_id)
    return {"ProductId": product_id, "ProvisioningArtifactName": "v1"}


def test_a_launch_asks_for_the_templates_parameters_in_their_order(catalog: Any, launch: dict[str, str]) -> None:
    answer = catalog.describe_provisioning_parameters(**launch)

    assert answer["ProvisioningArtifactParameters"] == [
        {
            "ParameterKey": "Stage",
            "ParameterType": "String",
            "DefaultValue": "test",
            "IsNoEcho": False,
            "ParameterConstraints": {"AllowedValues": ["test", "live"]},
        },
        {
            "ParameterKey": "Topic",
            "ParameterType": "AWS::SSM::Parameter::Value<String>",
            "DefaultValue": "/topic",
            "IsNoEcho": False,
            "ParameterConstraints": {"AllowedValues": []},
        },
    ]
    assert (answer["ConstraintSummaries"], answer["TagOptions"]) == ([], [])
    assert answer["ProvisioningArtifactPreferences"] == {}


def test_usage_instructions_come_in_awss_order_with_every_scalar_as_text(catalog: Any, launch: dict[str, str]) -> None:
    instructions = catalog.describe_provisioning_parameters(**launch)["UsageInstructions"]

    assert [instruction["Type"] for instruction in instructions] == [
        "rules",
        "version",
        "description",
        "metadata",
        "tagUpdateOnProvisionedProduct",
    ]
    values = [instruction["Value"] for instruction in instructions]
    assert json.loads(values[0]) == {
        "OnlyTest": {"Assertions": [{"Assert": {"Fn::Contains": [["test"], {"Ref": "Stage"}]}}]}
    }
    assert values[1:] == ["2010-09-09", "A queue with rules", '{"Owner":{"Level":"3"}}', "NOT_ALLOWED"]


def test_a_template_without_rules_has_empty_rules(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}')
    offer(catalog, product_id)

    answer = catalog.describe_provisioning_parameters(ProductId=product_id, ProvisioningArtifactName="v1")

    assert answer["UsageInstructions"] == [
        {"Type": "rules", "Value": "{}"},
        {"Type": "tagUpdateOnProvisionedProduct", "Value": "NOT_ALLOWED"},
    ]


def test_outputs_list_the_active_versions_and_output_keys_the_outputs(
    catalog: Any, s3: Bucket, launch: dict[str, str]
) -> None:
    second = add_version(catalog, s3, launch["ProductId"], Name="v2", Description="second")
    hidden = add_version(catalog, s3, launch["ProductId"], Name="v3")
    catalog.update_provisioning_artifact(ProductId=launch["ProductId"], ProvisioningArtifactId=hidden, Active=False)

    answer = catalog.describe_provisioning_parameters(**launch)

    assert len(answer["ProvisioningArtifactOutputs"]) == 2
    assert answer["ProvisioningArtifactOutputs"][1] == {"Key": second, "Description": "second"}
    assert answer["ProvisioningArtifactOutputKeys"] == [
        {"Key": "QueueUrl", "Description": "where to send"},
        {"Key": "QueueArn"},
    ]


def test_names_and_ids_lead_to_the_same_answer(catalog: Any, launch: dict[str, str]) -> None:
    by_name = catalog.describe_provisioning_parameters(
        ProductName="Ruled", ProvisioningArtifactName="v1", PathName="Tools"
    )
    by_id = catalog.describe_provisioning_parameters(**launch, PathId=paths(catalog, launch["ProductId"])[0])

    del by_name["ResponseMetadata"], by_id["ResponseMetadata"]
    assert by_name == by_id


@pytest.mark.parametrize(
    "members",
    [
        {"ProvisioningArtifactId": "pa-a"},
        {"ProductId": "prod-a", "ProductName": "x", "ProvisioningArtifactId": "pa-a"},
        {"ProductName": "Ruled"},
        {"ProductName": "Ruled", "ProvisioningArtifactId": "pa-a", "ProvisioningArtifactName": "v1"},
        {"ProductName": "Ruled", "ProvisioningArtifactName": "v1", "PathId": "lpv3-a", "PathName": "Tools"},
    ],
)
def test_id_or_name_is_given_never_both(catalog: Any, launch: dict[str, str], members: dict[str, str]) -> None:
    code, message = refusal(lambda: catalog.describe_provisioning_parameters(**members))

    assert code == "InvalidParametersException"
    assert message.startswith("Specify ")


def test_of_several_paths_one_must_be_named(catalog: Any, launch: dict[str, str]) -> None:
    second = offer(catalog, launch["ProductId"], "More tools")

    answer = refusal(lambda: catalog.describe_provisioning_parameters(**launch))
    named = catalog.describe_provisioning_parameters(**launch, PathId=path_id(second))

    text = "More than one launch path ids exist. Please specify the launch path id"
    assert answer == ("InvalidParametersException", text)
    assert named["ProvisioningArtifactParameters"]


def test_two_paths_of_one_name_cannot_be_told_apart_by_it(catalog: Any, launch: dict[str, str]) -> None:
    offer(catalog, launch["ProductId"], "Tools")

    answer = refusal(lambda: catalog.describe_provisioning_parameters(**launch, PathName="Tools"))

    assert answer == ("InvalidParametersException", "Multiple Launch path with name Tools found.")


def test_a_path_that_is_not_the_callers_is_not_found(catalog: Any, launch: dict[str, str]) -> None:
    other = create_portfolio(catalog)

    code, message = refusal(lambda: catalog.describe_provisioning_parameters(**launch, PathId=path_id(other)))

    assert code == "ResourceNotFoundException"
    assert message == f"No launch paths found for resource: {launch['ProductId']}"


def test_without_a_path_there_is_nothing_to_ask_for(
    catalog: Any, launch: dict[str, str], make_client: Callable[..., Any]
) -> None:
    code, message = refusal(
        lambda: make_client("servicecatalog", "888888888888").describe_provisioning_parameters(**launch)
    )

    assert code == "ResourceNotFoundException"
    assert message == f"No launch paths found for resource: {launch['ProductId']}"


@pytest.mark.parametrize("member", ["ProvisioningArtifactId", "ProvisioningArtifactName"])
def test_an_inactive_version_does_not_exist_for_end_users(
    catalog: Any, s3: Bucket, launch: dict[str, str], member: str
) -> None:
    hidden = add_version(catalog, s3, launch["ProductId"], Name="v2")
    catalog.update_provisioning_artifact(ProductId=launch["ProductId"], ProvisioningArtifactId=hidden, Active=False)
    value = {"ProvisioningArtifactId": hidden, "ProvisioningArtifactName": "v2"}[member]

    code, message = refusal(
        lambda: catalog.describe_provisioning_parameters(ProductId=launch["ProductId"], **{member: value})
    )

    assert code == "ResourceNotFoundException"
    assert value in message


def test_a_deprecated_version_is_still_described_since_products_can_be_updated_to_it(
    catalog: Any, s3: Bucket, launch: dict[str, str]
) -> None:
    old = add_version(catalog, s3, launch["ProductId"], RULES, Name="old")
    catalog.update_provisioning_artifact(
        ProductId=launch["ProductId"], ProvisioningArtifactId=old, Guidance="DEPRECATED"
    )

    answer = catalog.describe_provisioning_parameters(ProductId=launch["ProductId"], ProvisioningArtifactId=old)

    assert len(answer["ProvisioningArtifactParameters"]) == 2


def test_a_template_that_was_never_valid_cannot_be_described(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(
        catalog,
        s3,
        ProvisioningArtifactParameters={
            "Name": "v1",
            "Info": {"LoadTemplateFromURL": s3.put("broken", "Resources: 3")},
            "DisableTemplateValidation": True,
        },
    )
    offer(catalog, product_id)

    code, message = refusal(
        lambda: catalog.describe_provisioning_parameters(ProductId=product_id, ProvisioningArtifactName="v1")
    )

    assert code == "InvalidParametersException"
    assert message == "Invalid templateBody. Please make sure that your template is valid"
