"""What the audit keeps of an input and an answer: identifiers, and nothing else."""

from manciple.api import shapes
from manciple.catalog.audit import identifiers_of

SECRET = "hunter2"


def test_identifiers_are_labelled_by_what_they_are_of() -> None:
    output = shapes.CreatePortfolioOutput(portfolio_detail=shapes.PortfolioDetail(id="port-a", arn="arn:a"))

    assert identifiers_of(shapes.DeletePortfolioInput(id="port-b"), output) == {
        "Id": "port-b",
        "PortfolioId": "port-a",
        "PortfolioARN": "arn:a",
    }


def test_several_under_one_member_are_joined() -> None:
    pairs = [
        shapes.ServiceActionAssociation(
            service_action_id="act-a", product_id="prod-a", provisioning_artifact_id=version
        )
        for version in ("pa-a", "pa-b")
    ]

    found = identifiers_of(
        shapes.BatchAssociateServiceActionWithProvisioningArtifactInput(service_action_associations=pairs)
    )

    assert found == {"ServiceActionId": "act-a", "ProductId": "prod-a", "ProvisioningArtifactId": "pa-a,pa-b"}


def test_parameters_tags_tokens_and_texts_are_left_out() -> None:
    found = identifiers_of(
        shapes.ProvisionProductInput(
            product_id="prod-a",
            provisioning_artifact_id="pa-a",
            provisioned_product_name="mine",
            provision_token=SECRET,
            provisioning_parameters=[shapes.ProvisioningParameter(key=SECRET, value=SECRET)],
            tags=[shapes.Tag(key=SECRET, value=SECRET)],
        )
    )

    assert found == {"ProductId": "prod-a", "ProvisioningArtifactId": "pa-a", "ProvisionedProductName": "mine"}
