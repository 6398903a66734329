"""Copying products within an account, between regions, and from what is shared (reference, 5.9)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.conftest import REGION, client_of, serve
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published, publish, until
from tests.contract.requests import refusal
from tests.contract.sharing import Parties

UNKNOWN = "prod-aaaaaaaaaaaaa"


@pytest.fixture
def product(parties: Parties) -> Published:
    """A product of the hub's with two versions and a tag."""
    made = parties.publish(QUEUE, QUEUE_AND_TOPIC)
    made.catalog.update_product(Id=made.product_id, AddTags=[{"Key": "team", "Value": "hub"}], Description="A queue")
    return made


def arn(parties: Parties, product_id: str, account: str | None = None, region: str = REGION) -> str:
    return f"arn:aws:catalog:{region}:{account or parties.hub}:product/{product_id}"


def copy(catalog: Any, source: str, **members: Any) -> dict[str, Any]:
    """Copy and describe the status once it is over."""
    token = catalog.copy_product(SourceProductArn=source, IdempotencyToken=str(uuid4()), **members)["CopyProductToken"]
    answer: dict[str, Any] = until(
        lambda: catalog.describe_copy_product_status(CopyProductToken=token),
        lambda answer: answer["CopyProductStatus"] != "IN_PROGRESS",
    )
    return answer


def versions(catalog: Any, product_id: str) -> list[dict[str, Any]]:
    answer = catalog.describe_product_as_admin(Id=product_id)
    found: list[dict[str, Any]] = answer["ProvisioningArtifactSummaries"]
    return found


def test_a_copy_is_a_new_product_with_every_version_and_its_source(parties: Parties, product: Published) -> None:
    hub = parties.catalog(parties.hub)

    token = hub.copy_product(SourceProductArn=arn(parties, product.product_id), IdempotencyToken="copy-1")
    status = copy(hub, arn(parties, product.product_id), TargetProductName="Copied")

    target = hub.describe_product_as_admin(Id=status["TargetProductId"])
    view = target["ProductViewDetail"]["ProductViewSummary"]
    copies = versions(hub, status["TargetProductId"])
    assert token["CopyProductToken"].startswith("copyproduct-")
    assert status["CopyProductStatus"] == "SUCCEEDED"
    assert (view["Name"], view["Owner"], view["ShortDescription"]) == ("Copied", "test", "A queue")
    assert target["Tags"] == []
    assert [version["Name"] for version in copies] == ["v1", "v2"]
    assert [version["ProvisioningArtifactMetadata"] for version in copies] == [
        {"SourceProductId": product.product_id, "SourceProvisioningArtifactId": version} for version in product.versions
    ]
    assert {version["Id"] for version in copies}.isdisjoint(product.versions)


def test_the_name_is_the_sources_unless_another_is_given_and_tags_come_if_asked(
    parties: Parties, product: Published
) -> None:
    hub = parties.catalog(parties.hub)

    status = copy(hub, arn(parties, product.product_id), CopyOptions=["CopyTags"])

    target = hub.describe_product_as_admin(Id=status["TargetProductId"])
    assert target["ProductViewDetail"]["ProductViewSummary"]["Name"] == "product"
    assert target["Tags"] == [{"Key": "team", "Value": "hub"}]


def test_a_copy_is_found_by_its_source(parties: Parties, product: Published) -> None:
    hub = parties.catalog(parties.hub)
    status = copy(hub, arn(parties, product.product_id))

    found = hub.search_products_as_admin(Filters={"SourceProductId": [product.product_id]})["ProductViewDetails"]

    ids = [detail["ProductViewSummary"]["ProductId"] for detail in found]
    assert ids == [product.product_id, status["TargetProductId"]]


def test_chosen_versions_are_added_to_a_product_that_is_there(parties: Parties, product: Published) -> None:
    hub = parties.catalog(parties.hub)
    target = parties.publish(name="target")

    status = copy(
        hub,
        arn(parties, product.product_id),
        TargetProductId=target.product_id,
        SourceProvisioningArtifactIdentifiers=[{"Id": product.versions[1]}],
        CopyOptions=["CopyTags"],
    )

    assert status["TargetProductId"] == target.product_id
    assert [version["Name"] for version in versions(hub, target.product_id)] == ["v1", "v2"]
    described = hub.describe_product_as_admin(Id=target.product_id)
    assert described["Tags"] == [{"Key": "team", "Value": "hub"}]
    assert described["ProductViewDetail"]["ProductViewSummary"]["Name"] == "target"


def test_a_copied_version_has_the_template_and_is_launched(parties: Parties, product: Published) -> None:
    hub = parties.catalog(parties.hub)
    target = parties.publish(name="target")
    copy(
        hub,
        arn(parties, product.product_id),
        TargetProductId=target.product_id,
        SourceProvisioningArtifactIdentifiers=[{"Id": product.versions[1]}],
    )
    copied = versions(hub, target.product_id)[1]["Id"]

    launched = Published(hub, target.product_id, target.portfolio_id, (copied,)).launch("mine")

    assert launched["RecordDetail"]["Status"] == "SUCCEEDED"
    assert [output["OutputKey"] for output in launched["RecordOutputs"]][1:] == ["Url", "Topic"]


def test_a_copy_goes_its_own_way(parties: Parties, product: Published) -> None:
    hub = parties.catalog(parties.hub)
    status = copy(hub, arn(parties, product.product_id))
    hub.disassociate_product_from_portfolio(ProductId=product.product_id, PortfolioId=product.portfolio_id)

    hub.delete_product(Id=product.product_id)

    assert len(versions(hub, status["TargetProductId"])) == 2


def test_a_recipient_copies_what_is_shared_and_keeps_the_copy(parties: Parties, product: Published) -> None:
    spoke = parties.import_into(parties.spoke, product.portfolio_id)

    status = copy(spoke, arn(parties, product.product_id))
    parties.catalog(parties.hub).delete_portfolio_share(PortfolioId=product.portfolio_id, AccountId=parties.spoke)

    described = spoke.describe_product_as_admin(Id=status["TargetProductId"])
    assert described["ProductViewDetail"]["ProductARN"] == arn(parties, status["TargetProductId"], parties.spoke)
    copied = versions(spoke, status["TargetProductId"])
    spoke.update_provisioning_artifact(
        ProductId=status["TargetProductId"], ProvisioningArtifactId=copied[0]["Id"], Name="renamed"
    )
    assert versions(spoke, status["TargetProductId"])[0]["Name"] == "renamed"


def test_a_product_is_copied_from_another_region(parties: Parties, product: Published) -> None:
    elsewhere = parties.catalog(parties.hub, "us-east-2")

    status = copy(elsewhere, arn(parties, product.product_id))

    described = elsewhere.describe_product_as_admin(Id=status["TargetProductId"])
    assert described["ProductViewDetail"]["ProductARN"] == arn(parties, status["TargetProductId"], region="us-east-2")
    assert len(versions(elsewhere, status["TargetProductId"])) == 2


@pytest.mark.parametrize("party", ["spoke", "stranger"])
def test_what_is_not_shared_is_not_copied(parties: Parties, product: Published, party: str) -> None:
    catalog = parties.catalog(getattr(parties, party))

    answer = refusal(
        lambda: catalog.copy_product(SourceProductArn=arn(parties, product.product_id), IdempotencyToken="t-1")
    )

    assert answer == ("ResourceNotFoundException", f"{product.product_id} does not exist or access was denied")


def test_an_arn_of_another_account_does_not_name_the_callers_product(parties: Parties, product: Published) -> None:
    hub = parties.catalog(parties.hub)

    code, _ = refusal(
        lambda: hub.copy_product(
            SourceProductArn=arn(parties, product.product_id, parties.spoke), IdempotencyToken="t-1"
        )
    )

    assert code == "ResourceNotFoundException"


REFUSED = [
    ({"SourceProductArn": "arn:aws:catalog:eu-west-1:123456789012:portfolio/port-a"}, "InvalidParametersException"),
    ({"SourceProductArn": "unknown"}, "ResourceNotFoundException"),
    ({"TargetProductId": UNKNOWN}, "ResourceNotFoundException"),
    ({"TargetProductId": "own", "TargetProductName": "Copied"}, "InvalidParametersException"),
    ({"SourceProvisioningArtifactIdentifiers": [{"Id": "pa-aaaaaaaaaaaaa"}]}, "ResourceNotFoundException"),
    ({"SourceProvisioningArtifactIdentifiers": [{}]}, "InvalidParametersException"),
]


@pytest.mark.parametrize(("members", "code"), REFUSED)
def test_what_cannot_be_copied_is_refused(
    parties: Parties, product: Published, members: dict[str, Any], code: str
) -> None:
    hub = parties.catalog(parties.hub)
    named = {"own": product.product_id, "unknown": arn(parties, UNKNOWN)}
    given = {key: named.get(value, value) if isinstance(value, str) else value for key, value in members.items()}

    refused, _ = refusal(
        lambda: hub.copy_product(
            **{"SourceProductArn": arn(parties, product.product_id), "IdempotencyToken": "t-1", **given}
        )
    )

    assert refused == code


def test_a_target_is_of_the_sources_type(parties: Parties, product: Published) -> None:
    hub = parties.catalog(parties.hub)
    other = parties.publish("{}", name="other", kind="EXTERNAL")

    code, _ = refusal(
        lambda: hub.copy_product(
            SourceProductArn=arn(parties, product.product_id),
            TargetProductId=other.product_id,
            IdempotencyToken="t-1",
        )
    )

    assert code == "InvalidParametersException"


def test_an_unknown_token_has_no_status(parties: Parties) -> None:
    hub = parties.catalog(parties.hub)

    code, _ = refusal(lambda: hub.describe_copy_product_status(CopyProductToken="copyproduct-aaaaaaaaaaaaa"))

    assert code == "ResourceNotFoundException"


def test_a_token_is_its_accounts_own(parties: Parties, product: Published) -> None:
    token = parties.catalog(parties.hub).copy_product(
        SourceProductArn=arn(parties, product.product_id), IdempotencyToken="t-1"
    )["CopyProductToken"]

    code, _ = refusal(lambda: parties.catalog(parties.spoke).describe_copy_product_status(CopyProductToken=token))

    assert code == "ResourceNotFoundException"


def test_the_same_request_under_the_same_token_copies_once(parties: Parties, product: Published) -> None:
    hub = parties.catalog(parties.hub)
    request = {"SourceProductArn": arn(parties, product.product_id), "IdempotencyToken": "t-1"}

    tokens = {hub.copy_product(**request)["CopyProductToken"] for _ in range(2)}

    assert len(tokens) == 1
    assert len(hub.search_products_as_admin()["ProductViewDetails"]) == 2


@pytest.fixture
def small(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A faithful server on which products have two versions at most, and copies take so many seconds."""
    limits = {"quota.versions_per_product": 2, "faithful.copying_seconds": request.param}
    yield from serve(f"sqlite:///{tmp_path / 'm.sqlite'}", tmp_path, behaviour="faithful", **limits)


def begin_copy(server: Any, account: str) -> tuple[Any, str, str]:
    """A product that has no room for copies of its own versions: its catalog, its id, the copy's token."""
    catalog, s3 = client_of(server, "servicecatalog", account), client_of(server, "s3", account)
    product_id = publish(catalog, s3, QUEUE, QUEUE).product_id
    source = f"arn:aws:catalog:{REGION}:{account}:product/{product_id}"
    begun = catalog.copy_product(SourceProductArn=source, TargetProductId=product_id, IdempotencyToken="t-1")
    return catalog, product_id, begun["CopyProductToken"]


@pytest.mark.parametrize("small", [3600.0], indirect=True)
def test_in_faithful_behaviour_a_copy_is_in_progress_at_first(small: Any, account: str) -> None:
    catalog, _, token = begin_copy(small, account)

    found = catalog.describe_copy_product_status(CopyProductToken=token)

    del found["ResponseMetadata"]
    assert found == {"CopyProductStatus": "IN_PROGRESS"}


@pytest.mark.parametrize("small", [0.05], indirect=True)
def test_a_copy_that_finds_no_room_fails_later_and_says_why(small: Any, account: str) -> None:
    catalog, product_id, token = begin_copy(small, account)

    last = until(
        lambda: catalog.describe_copy_product_status(CopyProductToken=token),
        lambda answer: answer["CopyProductStatus"] != "IN_PROGRESS",
    )

    assert last["CopyProductStatus"] == "FAILED"
    assert "versions of product" in last["StatusDetail"]
    assert len(versions(catalog, product_id)) == 2
