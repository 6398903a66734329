"""Why can, or cannot, a principal launch this? Every gate in order, by our own API."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from manciple.app import Server
from manciple.operations.own.keys import NewKey
from tests.contract import publishing, requests
from tests.contract.publishing import QUEUE, Published
from tests.contract.raw import issue_key, send, signed
from tests.contract.requests import refusal

GATES = ["policy", "product", "portfolio", "principal", "launch path", "version", "target", "constraints", "name"]

Explain = Callable[..., dict[str, Any]]


@pytest.fixture
def product(publish: Callable[..., Published]) -> Published:
    return publish(QUEUE, QUEUE)


@pytest.fixture
def explain(server: Server, account: str) -> Explain:
    """Asks in open mode why the test's account, or a principal, can launch."""

    def ask(product: str, **query: str) -> dict[str, Any]:
        headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
        path = f"/_manciple/explain/launch?{urlencode({'product': product, **query})}"
        answer = send(server, "GET", path, headers)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    return ask


def verdicts(explanation: dict[str, Any]) -> dict[str, str]:
    return {gate["Gate"]: gate["Verdict"] for gate in explanation["Gates"]}


def test_every_gate_of_a_launch_that_would_go_through_is_open(explain: Explain, product: Published) -> None:
    found = explain(product.product_id, artifact=product.versions[0], name="new")

    assert found["CanLaunch"]
    assert list(verdicts(found)) == GATES
    assert verdicts(found) == dict.fromkeys(GATES, "open") | {"policy": "not asked"}
    assert "Message" not in found


def test_a_product_and_a_version_may_be_named(explain: Explain, product: Published) -> None:
    found = explain("product", artifact="v1")

    assert (found["CanLaunch"], verdicts(found)["version"]) == (True, "open")


def test_who_is_associated_with_no_portfolio_is_told_which_there_are(
    explain: Explain, product: Published, account: str
) -> None:
    alice = f"arn:aws:iam::{account}:user/alice"

    found = explain(product.product_id, principal=alice)

    assert (found["Principal"], found["CanLaunch"], found["Code"]) == (alice, False, "ResourceNotFoundException")
    assert found["Message"].startswith(
        f"No launch paths found for resource: {product.product_id}. {alice} is associated with none of products ("
    )
    assert product.portfolio_id in found["Message"]
    assert verdicts(found) == {
        "policy": "not asked",
        "product": "open",
        "portfolio": "open",
        "principal": "closed",
        **dict.fromkeys(GATES[4:], "not reached"),
    }


@pytest.mark.parametrize("arn", ["arn:aws:iam::{}:role/Dev", "arn:aws:sts::{}:assumed-role/Dev/ann"])
def test_a_role_and_its_sessions_pass_by_the_roles_association(
    explain: Explain, product: Published, account: str, arn: str
) -> None:
    assert explain(product.product_id, principal=arn.format(account))["CanLaunch"]


def test_the_first_sentence_is_what_the_launch_itself_answers(
    explain: Explain, product: Published, server: Server, account: str
) -> None:
    alice = f"arn:aws:iam::{account}:user/alice"
    user = Published(requests.issue_key(server, account, alice), product.product_id, "", product.versions)

    code, text = refusal(lambda: user.launch("mine"))

    found = explain(product.product_id, principal=alice)
    assert found["Code"] == code
    assert found["Message"].startswith(f"{text}. ")


def test_an_unknown_product_closes_the_second_gate(explain: Explain) -> None:
    found = explain("prod-unknown")

    assert verdicts(found)["product"] == "closed"
    assert found["Message"].startswith("No launch paths found for resource: prod-unknown. There is no product")


def test_a_product_in_no_portfolio_is_offered_by_none(explain: Explain, catalog: Any, s3: requests.Bucket) -> None:
    alone = requests.create_product(catalog, s3)

    found = explain(alone)

    assert verdicts(found)["portfolio"] == "closed"
    assert found["Message"].endswith(f"No portfolio offers {alone}; associate it with one.")


def test_an_engines_product_without_a_launch_role_is_closed_at_the_constraints(
    explain: Explain, publish: Callable[..., Published]
) -> None:
    product = publish(QUEUE, kind="EXTERNAL")
    code, text = refusal(lambda: product.launch("mine"))

    found = explain(product.product_id, artifact=product.versions[0])

    assert (found["Code"], verdicts(found)["target"], verdicts(found)["constraints"]) == (code, "open", "closed")
    assert found["Message"] == (
        f"{text} The target external launches nothing without a role; "
        f"create a LAUNCH constraint in {product.portfolio_id}."
    )


def test_the_target_of_a_launch_is_told(explain: Explain, product: Published) -> None:
    gates = {gate["Gate"]: gate["Sentence"] for gate in explain(product.product_id)["Gates"]}

    assert gates["target"] == "A new provisioned product is deployed onto the target stack."


def test_several_paths_are_told(explain: Explain, product: Published) -> None:
    other = requests.offer(product.catalog, product.product_id, "More")

    found = explain(product.product_id)

    assert verdicts(found)["launch path"] == "closed"
    assert "More than one launch path ids exist. Please specify the launch path id. " in found["Message"]
    path = other.replace("port-", "lpv3-")
    assert path in found["Message"]
    assert explain(product.product_id, path=path)["CanLaunch"]
    assert explain(product.product_id, path="More")["CanLaunch"]


@pytest.mark.parametrize(
    ("change", "said"), [({"Active": False}, "inactive"), ({"Guidance": "DEPRECATED"}, "deprecated")]
)
def test_a_version_that_cannot_be_launched_is_told(
    explain: Explain, product: Published, change: dict[str, Any], said: str
) -> None:
    product.catalog.update_provisioning_artifact(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[0], **change
    )

    found = explain(product.product_id, artifact=product.versions[0])

    assert verdicts(found)["version"] == "closed"
    assert f"Version {product.versions[0]} is {said}" in found["Message"]


def test_a_name_in_use_is_told(explain: Explain, product: Published) -> None:
    product.launch("mine")

    found = explain(product.product_id, name="mine")

    assert verdicts(found)["name"] == "closed"
    assert found["Message"].startswith("A stack named mine already exists. ")


def test_a_question_without_a_product_is_refused(server: Server, account: str) -> None:
    answer = send(server, "GET", "/_manciple/explain/launch", {"X-Manciple-Account": account})

    assert (answer.status, answer.json["__type"]) == (400, "InvalidParametersException")


@pytest.fixture
def published(sigv4_server: Server, account: str) -> Published:
    """A product on the server that verifies signatures."""
    clients = (
        requests.issue_key(sigv4_server, account, f"arn:aws:iam::{account}:user/admin", service=service)
        for service in ("servicecatalog", "s3")
    )
    return publishing.publish(*clients, QUEUE)


def ask(server: Server, key: NewKey, **query: str) -> tuple[int, dict[str, Any]]:
    path = f"/_manciple/explain/launch?{urlencode(query)}"
    answer = send(server, "GET", path, signed(server, key, "GET", path))
    return answer.status, answer.json


def test_a_policy_that_allows_no_launch_closes_the_first_gate(
    sigv4_server: Server, account: str, published: Published
) -> None:
    arn = f"arn:aws:sts::{account}:assumed-role/Dev/ann"
    reader = issue_key(sigv4_server, account, arn=arn, policy="AWSServiceCatalogEndUserReadOnlyAccess")

    _, found = ask(sigv4_server, reader, product=published.product_id)

    assert (found["Code"], verdicts(found)["policy"]) == ("AccessDeniedException", "closed")
    assert found["Message"].startswith(
        f"User: {arn} is not authorized to perform: servicecatalog:ProvisionProduct on resource: "
    )
    assert found["Message"].endswith("Give the principal a policy that allows servicecatalog:ProvisionProduct.")


def test_only_an_operator_asks_about_others(sigv4_server: Server, account: str, published: Published) -> None:
    other = f"arn:aws:iam::{account}:role/Dev"
    arn = f"arn:aws:sts::{account}:assumed-role/Dev/ann"
    user = issue_key(sigv4_server, account, arn=arn, policy="end-user")
    operator = issue_key(sigv4_server, account, is_operator=True)

    answers = {
        "role": ask(sigv4_server, user, product=published.product_id, principal=other)[0],
        "other": ask(sigv4_server, user, product=published.product_id, principal=f"{other}s")[0],
        "operator": ask(sigv4_server, operator, product=published.product_id, principal=other)[0],
    }

    assert answers == {"role": 200, "other": 403, "operator": 200}
