"""Products: create, describe (three ways), update, delete."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract import conftest
from tests.contract.requests import (
    Bucket,
    add_version,
    create_portfolio,
    create_product,
    new_product,
    offer,
    refusal,
    version,
)

UNKNOWN = "prod-aaaaaaaaaaaaa"


def test_a_new_product_is_answered_with_its_view_its_first_version_and_its_tags(
    catalog: Any, s3: Bucket, account: str
) -> None:
    answer = catalog.create_product(**new_product(s3, Tags=[{"Key": "team", "Value": "a"}]))

    detail, first = answer["ProductViewDetail"], answer["ProvisioningArtifactDetail"]
    summary = detail["ProductViewSummary"]
    assert detail["ProductARN"] == f"arn:aws:catalog:{conftest.REGION}:{account}:product/{summary['ProductId']}"
    assert detail["Status"] == "CREATED"
    assert summary["HasDefaultPath"] is False
    assert summary["Id"].startswith("prodview-")
    assert summary["Id"].removeprefix("prodview-") != summary["ProductId"].removeprefix("prod-")
    assert (first["Name"], first["Active"], first["Guidance"]) == ("v1", True, "DEFAULT")
    assert first["Type"] == "CLOUD_FORMATION_TEMPLATE"
    assert answer["Tags"] == [{"Key": "team", "Value": "a"}]


def test_a_product_and_its_versions_tell_their_times_in_whole_seconds(catalog: Any, s3: Bucket) -> None:
    answer = catalog.create_product(**new_product(s3))

    created = answer["ProductViewDetail"]["CreatedTime"]
    assert created.microsecond == 0
    assert answer["ProvisioningArtifactDetail"]["CreatedTime"] == created


def test_texts_that_are_not_given_are_absent_and_empty_ones_are_answered(catalog: Any, s3: Bucket) -> None:
    answer = catalog.create_product(**new_product(s3, Distributor="", SupportUrl=""))

    summary = answer["ProductViewDetail"]["ProductViewSummary"]
    assert (summary["Distributor"], summary["SupportUrl"]) == ("", "")
    assert not {"ShortDescription", "SupportEmail", "SupportDescription"} & summary.keys()


def test_the_same_request_under_the_same_token_makes_one_product(catalog: Any, s3: Bucket) -> None:
    request = new_product(s3)

    first, second = catalog.create_product(**request), catalog.create_product(**request)

    assert second["ProductViewDetail"] == first["ProductViewDetail"]
    assert second["ProvisioningArtifactDetail"] == first["ProvisioningArtifactDetail"]


def test_a_repeated_request_is_answered_although_its_template_is_gone(catalog: Any, s3: Bucket) -> None:
    request = new_product(s3)
    first = catalog.create_product(**request)
    url = request["ProvisioningArtifactParameters"]["Info"]["LoadTemplateFromURL"]
    s3.client.delete_object(Bucket=s3.name, Key=url.rpartition("/")[2])

    second = catalog.create_product(**request)

    assert second["ProductViewDetail"] == first["ProductViewDetail"]


@pytest.mark.parametrize("body", ["not a template", "Resources: {}", '{"Resources": ', b"\xff\xfe", ""])
def test_an_invalid_template_is_refused(catalog: Any, s3: Bucket, body: str | bytes) -> None:
    code, message = refusal(lambda: catalog.create_product(**new_product(s3, body)))

    assert code == "InvalidParametersException"
    assert message == "Invalid templateBody. Please make sure that your template is valid"
    assert catalog.search_products_as_admin()["ProductViewDetails"] == []


def test_an_invalid_template_is_taken_if_validation_is_disabled(catalog: Any, s3: Bucket) -> None:
    properties = version(s3, "not a template", DisableTemplateValidation=True)

    answer = catalog.create_product(**new_product(s3, ProvisioningArtifactParameters=properties))

    assert answer["ProductViewDetail"]["Status"] == "CREATED"


def test_a_template_of_more_than_a_million_bytes_is_refused_even_unvalidated(catalog: Any, s3: Bucket) -> None:
    properties = version(s3, "#" * 1_000_001, DisableTemplateValidation=True)

    code, message = refusal(
        lambda: catalog.create_product(**new_product(s3, ProvisioningArtifactParameters=properties))
    )

    assert code == "InvalidParametersException"
    assert "1000001" in message


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"TemplateUrl": "https://example.com/x"},
        {"LoadTemplateFromURL": "https://example.com/x", "ImportFromPhysicalId": "arn:aws:cloudformation:…"},
    ],
)
def test_info_must_name_exactly_one_place(catalog: Any, s3: Bucket, info: dict[str, str]) -> None:
    code, _ = refusal(
        lambda: catalog.create_product(**new_product(s3, ProvisioningArtifactParameters={"Name": "v1", "Info": info}))
    )

    assert code in {"InvalidParametersException", "ValidationException"}


@pytest.mark.parametrize(
    "url",
    [
        "{server}/templates/absent.yaml",
        "{server}/others/absent.yaml",
        "{server}/templates/../templates/absent.yaml",
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/template.yaml",
        "ftp://example.com/template.yaml",
        "file:///etc/passwd",
        "nonsense",
    ],
)
def test_a_template_that_is_not_in_a_bucket_of_the_account_is_refused(catalog: Any, s3: Bucket, url: str) -> None:
    place = {"LoadTemplateFromURL": url.format(server=s3.url)}

    code, message = refusal(
        lambda: catalog.create_product(**new_product(s3, ProvisioningArtifactParameters={"Info": place}))
    )

    assert code == "InvalidParametersException"
    assert place["LoadTemplateFromURL"] in message


def test_a_template_in_another_accounts_bucket_is_not_found(
    catalog: Any, s3: Bucket, make_client: Callable[..., Any]
) -> None:
    request = new_product(s3)

    code, _ = refusal(lambda: make_client("servicecatalog", "777777777777").create_product(**request))

    assert code == "InvalidParametersException"


def test_a_marketplace_product_is_refused(catalog: Any, s3: Bucket) -> None:
    code, message = refusal(lambda: catalog.create_product(**new_product(s3, ProductType="MARKETPLACE")))

    assert code == "InvalidParametersException"
    assert "MARKETPLACE" in message


def test_a_terraform_product_keeps_its_archive_as_given(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, b"\x1f\x8b archive", ProductType="TERRAFORM_OPEN_SOURCE")

    detail = catalog.list_provisioning_artifacts(ProductId=product_id)["ProvisioningArtifactDetails"][0]

    assert detail["Type"] == "TERRAFORM_OPEN_SOURCE"


def test_a_version_of_another_type_than_its_product_is_refused(catalog: Any, s3: Bucket) -> None:
    properties = version(s3, Type="EXTERNAL")

    code, message = refusal(
        lambda: catalog.create_product(**new_product(s3, ProvisioningArtifactParameters=properties))
    )

    assert code == "InvalidParametersException"
    assert "EXTERNAL" in message


def connection() -> dict[str, Any]:
    arn = "arn:aws:codestar-connections:eu-west-1:123456789012:connection/a"
    code_star = {"ConnectionArn": arn, "Repository": "a/b", "Branch": "main", "ArtifactPath": "t.yaml"}
    return {"Type": "CODESTAR", "ConnectionParameters": {"CodeStar": code_star}}


def test_a_connection_that_the_operator_has_not_mapped_is_refused(catalog: Any, s3: Bucket) -> None:
    request = new_product(s3, SourceConnection=connection())
    del request["ProvisioningArtifactParameters"]

    code, message = refusal(lambda: catalog.create_product(**request))

    assert code == "InvalidParametersException"
    assert "source_connections" in message


@pytest.mark.parametrize("both", [True, False])
def test_a_product_comes_from_parameters_or_a_repository_not_both_nor_neither(
    catalog: Any, s3: Bucket, both: bool
) -> None:
    request = new_product(s3)
    if both:
        request["SourceConnection"] = connection()
    else:
        del request["ProvisioningArtifactParameters"]

    code, message = refusal(lambda: catalog.create_product(**request))

    assert code == "InvalidParametersException"
    assert message == "Specify exactly one of ProvisioningArtifactParameters and SourceConnection."


def test_a_support_url_must_be_a_web_address(catalog: Any, s3: Bucket) -> None:
    code, message = refusal(lambda: catalog.create_product(**new_product(s3, SupportUrl="wiki")))

    assert code == "InvalidParametersException"
    assert "wiki" in message


def test_an_end_user_sees_a_product_with_its_active_versions_and_paths(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, Description="A queue")
    hidden = add_version(catalog, s3, product_id, Name="v2", Description="second")
    add_version(catalog, s3, product_id, Name="v3")
    catalog.update_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=hidden, Active=False)
    portfolio_id = offer(catalog, product_id, "Tools")

    answer = catalog.describe_product(Id=product_id)

    assert [found["Name"] for found in answer["ProvisioningArtifacts"]] == ["v1", "v3"]
    assert answer["LaunchPaths"] == [{"Id": portfolio_id.replace("port-", "lpv3-"), "Name": "Tools"}]
    assert answer["ProductViewSummary"]["ShortDescription"] == "A queue"
    assert answer["Budgets"] == []


def test_a_product_is_also_found_by_its_name_and_by_its_view(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, Name="By name")
    offer(catalog, product_id)

    by_name = catalog.describe_product(Name="By name")
    by_view = catalog.describe_product_view(Id=by_name["ProductViewSummary"]["Id"])

    assert by_name["ProductViewSummary"]["ProductId"] == product_id
    assert by_view["ProductViewSummary"] == by_name["ProductViewSummary"]
    assert by_view["ProvisioningArtifacts"] == by_name["ProvisioningArtifacts"]


def test_without_a_path_a_product_does_not_exist_for_an_end_user(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, Name="Hidden")
    offer(catalog, product_id, is_open=False)
    view_id = catalog.describe_product_as_admin(Id=product_id)["ProductViewDetail"]["ProductViewSummary"]["Id"]

    by_id = refusal(lambda: catalog.describe_product(Id=product_id))
    by_name = refusal(lambda: catalog.describe_product(Name="Hidden"))
    by_view = refusal(lambda: catalog.describe_product_view(Id=view_id))

    assert by_id == ("ResourceNotFoundException", f"{product_id} does not exist or access was denied")
    assert by_name == ("ResourceNotFoundException", "Product with name Hidden does not exist or access was denied.")
    assert by_view == ("ResourceNotFoundException", f"{view_id} does not exist or access was denied")


def test_a_name_of_several_products_is_refused(catalog: Any, s3: Bucket) -> None:
    for _ in range(2):
        offer(catalog, create_product(catalog, s3, Name="Twin"))

    as_user = refusal(lambda: catalog.describe_product(Name="Twin"))
    as_admin = refusal(lambda: catalog.describe_product_as_admin(Name="Twin"))

    assert as_user == as_admin == ("InvalidParametersException", "Multiple Product with name Twin found.")


@pytest.mark.parametrize("operation", ["describe_product", "describe_product_as_admin"])
@pytest.mark.parametrize("members", [{}, {"Id": UNKNOWN, "Name": "x"}])
def test_id_or_name_must_be_given_and_not_both(catalog: Any, operation: str, members: dict[str, str]) -> None:
    code, message = refusal(lambda: getattr(catalog, operation)(**members))

    assert (code, message) == ("InvalidParametersException", "Specify exactly one of Id and Name.")


def test_an_administrator_sees_every_version_with_its_source(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3)
    second = add_version(catalog, s3, product_id, Name="v2")
    catalog.update_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=second, Active=False)

    answer = catalog.describe_product_as_admin(Id=product_id)

    first_summary, second_summary = answer["ProvisioningArtifactSummaries"]
    assert first_summary["ProvisioningArtifactMetadata"] == {"SourceProvisioningArtifactId": first_summary["Id"]}
    assert second_summary["ProvisioningArtifactMetadata"] == {
        "SourceProductId": product_id,
        "SourceProvisioningArtifactId": second,
    }
    assert (answer["Tags"], answer["TagOptions"], answer["Budgets"]) == ([], [], [])


def test_an_update_sets_what_is_given_and_leaves_the_rest(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, Description="old", Tags=[{"Key": "a", "Value": "1"}])

    answer = catalog.update_product(Id=product_id, Name="New", AddTags=[{"Key": "b", "Value": "2"}], RemoveTags=["a"])

    summary = answer["ProductViewDetail"]["ProductViewSummary"]
    assert (summary["Name"], summary["Owner"], summary["ShortDescription"]) == ("New", "Platform", "old")
    assert answer["Tags"] == [{"Key": "b", "Value": "2"}]
    assert catalog.describe_product_as_admin(Id=product_id)["ProductViewDetail"] == answer["ProductViewDetail"]


def test_an_updated_product_is_found_by_its_new_words_only(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, Name="Before")

    catalog.update_product(Id=product_id, Name="After")

    def found(word: str) -> int:
        return len(catalog.search_products_as_admin(Filters={"FullTextSearch": [word]})["ProductViewDetails"])

    assert (found("before"), found("after")) == (0, 1)


def test_a_product_takes_twenty_tags_and_no_more(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, Tags=[{"Key": f"key{number}", "Value": "x"} for number in range(20)])

    code, message = refusal(lambda: catalog.update_product(Id=product_id, AddTags=[{"Key": "more", "Value": "x"}]))

    assert code == "InvalidParametersException"
    assert "20" in message


def test_a_deleted_product_is_gone_with_its_versions_and_its_words(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3)

    catalog.delete_product(Id=product_id)

    code, message = refusal(lambda: catalog.describe_product_as_admin(Id=product_id))
    assert (code, message) == ("ResourceNotFoundException", f"{product_id} does not exist or access was denied")
    assert refusal(lambda: catalog.list_provisioning_artifacts(ProductId=product_id))[0] == "ResourceNotFoundException"
    assert catalog.search_products_as_admin(Filters={"FullTextSearch": ["queue"]})["ProductViewDetails"] == []


def test_a_product_in_a_portfolio_is_not_deleted(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3)
    offer(catalog, product_id)

    code, message = refusal(lambda: catalog.delete_product(Id=product_id))

    assert code == "ResourceInUseException"
    assert message == f"Product {product_id} still has associated Portfolios"


@pytest.mark.parametrize(
    "operation", ["describe_product", "describe_product_as_admin", "update_product", "delete_product"]
)
def test_an_unknown_product_is_not_found(catalog: Any, operation: str) -> None:
    code, message = refusal(lambda: getattr(catalog, operation)(Id=UNKNOWN))

    assert (code, message) == ("ResourceNotFoundException", f"{UNKNOWN} does not exist or access was denied")


@pytest.mark.parametrize("elsewhere", [{"account": "888888888888"}, {"region": "us-west-2"}])
def test_a_product_is_unknown_in_another_account_and_another_region(
    catalog: Any, s3: Bucket, make_client: Callable[..., Any], elsewhere: dict[str, str]
) -> None:
    product_id = create_product(catalog, s3)
    offer(catalog, product_id)
    other = make_client("servicecatalog", **elsewhere)
    create_portfolio(other)

    answers = [
        refusal(lambda: other.describe_product(Id=product_id)),
        refusal(lambda: other.update_product(Id=product_id)),
    ]

    assert [code for code, _ in answers] == ["ResourceNotFoundException"] * 2
