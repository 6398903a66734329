"""What a principal's policies decide."""

from typing import Any

import pytest

from manciple.catalog.managed_policies import known_names, permissions_of, policies_of
from manciple.catalog.policy_conditions import LEVEL_KEYS
from manciple.catalog.policy_decisions import LEVELS, Permissions
from manciple.catalog.policy_patterns import like
from manciple.catalog.policy_resources import LEVELLED
from manciple.catalog.policy_statements import PolicyError, read_policy

ACCOUNT = "arn:aws:catalog:eu-west-1:111111111111"
PRODUCT = f"{ACCOUNT}:product/prod-one"
EVERYTHING = f"{ACCOUNT}:*"


def statement(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    named = {"Effect": effect, **elements}
    if "NotAction" not in named:
        named.setdefault("Action", "servicecatalog:*")
    if "NotResource" not in named:
        named.setdefault("Resource", "*")
    return named


def permissions(*statements: dict[str, Any], session: list[dict[str, Any]] | None = None) -> Permissions:
    documents = [{"Version": "2012-10-17", "Statement": list(one)} for one in (statements, session or ())]
    bounds = [read_policy(documents[1])] if session is not None else None
    return Permissions([read_policy(documents[0])] if statements else [], bounds)


def decide(found: Permissions, action: str = "DescribeProduct", resource: str = PRODUCT, **context: str) -> str:
    keys = {key.replace("__", ":").replace("_TAG_", "/").lower(): (value,) for key, value in context.items()}
    return found.decide(f"servicecatalog:{action}", (resource,), keys)


def test_without_a_statement_nothing_is_allowed() -> None:
    assert decide(permissions()) == "not allowed"
    assert permissions_of('{"Statement": []}').decide("servicecatalog:DescribeProduct", (PRODUCT,), {}) == "not allowed"


def test_a_denial_wins_over_any_permission() -> None:
    found = permissions(statement(), statement("Deny", Action="servicecatalog:DescribeProduct"))

    assert decide(found) == "explicitly denied"
    assert decide(found, "ListPortfolios", EVERYTHING) == "allowed"


@pytest.mark.parametrize(
    ("pattern", "is_allowed"),
    [
        ("servicecatalog:DescribeProduct", True),
        ("ServiceCatalog:describeproduct", True),
        ("servicecatalog:Describe*", True),
        ("servicecatalog:?escribeProduc?", True),
        ("*", True),
        ("servicecatalog:DescribeProduct?", False),
        ("servicecatalog:Describe", False),
        ("catalog:*", False),
    ],
)
def test_actions_have_wildcards_and_no_case(pattern: str, is_allowed: bool) -> None:
    assert (decide(permissions(statement(Action=["other:*", pattern]))) == "allowed") is is_allowed


@pytest.mark.parametrize(
    ("pattern", "is_allowed"),
    [
        (PRODUCT, True),
        ("arn:aws:catalog:*:*:product/*", True),
        ("arn:aws:catalog:*:*:product/prod-on?", True),
        ("arn:aws:catalog:*:*:product/PROD-ONE", False),
        ("arn:aws:catalog:*:*:portfolio/*", False),
        ("arn:aws:catalog:*:222222222222:product/*", False),
    ],
)
def test_resources_have_wildcards_and_case(pattern: str, is_allowed: bool) -> None:
    assert (decide(permissions(statement(Resource=[pattern]))) == "allowed") is is_allowed


@pytest.mark.parametrize(
    ("pattern", "text", "is_matched"),
    [
        ("a*", "a", True),
        ("*a", "ba", True),
        ("a*a", "a", False),
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "abc", True),
        ("a*bc", "abcbc", True),
        ("a*b*b", "ab", False),
        ("?*", "", False),
        ("*?", "x", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("**", "", True),
        ("a.c", "abc", False),
        ("*\n*", "a\nb", True),
        ("*a" * 400 + "b", "a" * 1000, False),
    ],
)
def test_a_wildcard_stands_for_any_text_and_never_takes_long(pattern: str, text: str, is_matched: bool) -> None:
    assert like(pattern)(text, {}) is is_matched


def test_not_action_and_not_resource_name_everything_else() -> None:
    found = permissions(statement(NotAction="servicecatalog:Delete*"), statement("Deny", NotResource=[PRODUCT]))

    assert decide(found) == "allowed"
    assert decide(found, "DeleteProduct") == "not allowed"
    assert decide(found, resource=f"{ACCOUNT}:product/prod-two") == "explicitly denied"


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "is_met"),
    [
        ("StringEquals", "web", "web", True),
        ("StringEquals", "w*", "web", False),
        ("StringNotEquals", "web", "web", False),
        ("StringNotEquals", "web", "db", True),
        ("StringNotEquals", "web", None, True),
        ("StringEquals", "web", None, False),
        ("StringEqualsIfExists", "web", None, True),
        ("StringEqualsIgnoreCase", "WEB", "web", True),
        ("StringLike", ["x", "w?b*"], "web", True),
        ("StringNotLike", "w*", "web", False),
        ("ForAllValues:StringLike", "w*", "web", True),
        ("ForAllValues:StringEquals", "db", "web", False),
        ("ForAllValues:StringEquals", "db", None, True),
        ("ForAnyValue:StringEquals", "web", "web", True),
        ("ForAnyValue:StringEquals", "web", None, False),
        ("NumericLessThan", 10, "9", True),
        ("NumericGreaterThanEquals", 10, "9", False),
        ("Bool", True, "true", True),
        ("Null", True, None, True),
        ("Null", "false", None, False),
        ("Null", False, "web", True),
        ("StringMatches", "web", "web", False),
        ("StringMatchesIfExists", "web", None, False),
    ],
)
def test_conditions_compare_by_their_operator(operator: str, wanted: Any, value: str | None, is_met: bool) -> None:
    found = permissions(statement(Condition={operator: {"aws:RequestTag/Tier": wanted}}))

    context = {} if value is None else {"aws:requesttag/tier": (value,)}
    assert (found.decide("servicecatalog:CreateProduct", (PRODUCT,), context) == "allowed") is is_met


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "value"),
    [
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Dev*", "arn:aws:iam::111111111111:role/Developer"),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", "10.1.2.3"),
        ("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z", "2026-11-26T10:00:00+00:00"),
        ("DateGreaterThan", "aws:EpochTime", "2020-01-01T00:00:00Z", "1700000000"),
    ],
)
def test_arns_addresses_and_dates_are_compared_as_what_they_are(
    operator: str, key: str, wanted: str, value: str
) -> None:
    found = permissions(statement(Condition={operator: {key: wanted}}))

    assert found.decide("servicecatalog:CreateProduct", (PRODUCT,), {key.lower(): (value,)}) == "allowed"
    assert found.decide("servicecatalog:CreateProduct", (PRODUCT,), {key.lower(): ("?",)}) == "not allowed"


def test_every_condition_of_a_statement_must_be_met() -> None:
    found = permissions(
        statement(Condition={"StringEquals": {"aws:RequestTag/a": "1", "aws:RequestTag/b": ["2", "3"]}})
    )

    tags = {"aws:requesttag/a": ("1",), "aws:requesttag/b": ("3",)}
    assert found.decide("servicecatalog:CreateProduct", (PRODUCT,), tags) == "allowed"
    assert found.decide("servicecatalog:CreateProduct", (PRODUCT,), {**tags, "aws:requesttag/b": ("4",)}) != "allowed"


def test_all_tag_keys_of_a_request_are_compared() -> None:
    found = permissions(statement(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["cost", "team"]}}))

    assert found.decide("servicecatalog:CreateProduct", (PRODUCT,), {"aws:tagkeys": ("team", "cost")}) == "allowed"
    assert found.decide("servicecatalog:CreateProduct", (PRODUCT,), {"aws:tagkeys": ("team", "x")}) == "not allowed"


@pytest.mark.parametrize("operator", ["StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals", "Null"])
def test_an_unknown_key_never_allows(operator: str) -> None:
    value = "true" if operator == "Null" else "x"
    found = permissions(statement(Condition={operator: {"aws:MultiFactorAuthAge": value}}))

    assert decide(found) == "not allowed"


def test_an_unknown_operator_of_a_denial_denies() -> None:
    denial = statement("Deny", Condition={"StringMatches": {"aws:PrincipalArn": "x"}})

    assert decide(permissions(statement(), denial)) == "explicitly denied"


def test_what_cannot_be_judged_is_named() -> None:
    (policy,) = policies_of(
        {"Statement": statement(Condition={"StringMatches": {"aws:SourceVpc": "x"}, "Bool": {"aws:username": "y"}})}
    )

    assert policy.doubts == (
        "The condition operator StringMatches is not known here: it never allows, and always denies.",
        "The condition key aws:sourcevpc is not known here: a statement with it never allows.",
    )


@pytest.mark.parametrize(
    ("resource", "user", "is_allowed"),
    [
        ("${aws:username}-*", "one", True),
        ("${aws:username}-*", "two", False),
        ("${aws:username}-*", "*", False),
        ("${aws:username}-*", None, False),
        ("${aws:username, 'one'}-*", None, True),
        ("one${*}", "one", False),
    ],
)
def test_variables_stand_for_what_the_request_says(resource: str, user: str | None, is_allowed: bool) -> None:
    found = permissions(statement(Resource=f"arn:aws:s3:::{resource}", Action="s3:*"))

    context = {} if user is None else {"aws:username": (user,)}
    assert (found.decide("s3:GetObject", ("arn:aws:s3:::one-x",), context) == "allowed") is is_allowed
    assert found.keys("s3:GetObject") == (frozenset() if "*}" in resource else {"aws:username"})


@pytest.mark.parametrize("level", LEVELS)
def test_the_most_permissive_level_that_a_policy_names_holds(level: str) -> None:
    own = statement(Condition={"StringEquals": {LEVEL_KEYS["User"]: "self"}})
    wider = statement(Condition={"StringEquals": {LEVEL_KEYS[level].upper(): ["self"]}})

    assert permissions(own, wider).level("servicecatalog:DescribeRecord", (EVERYTHING,), {}) == level


def test_without_a_condition_the_level_is_the_account() -> None:
    assert permissions(statement()).level("servicecatalog:DescribeRecord", (EVERYTHING,), {}) == "Account"


def test_a_level_takes_no_other_value_than_self() -> None:
    found = permissions(statement(Condition={"StringEquals": {"servicecatalog:userLevel": "other"}}))

    assert found.level("servicecatalog:DescribeRecord", (EVERYTHING,), {}) == "not allowed"


@pytest.mark.parametrize(("denied", "left"), [("Account", "Role"), ("Role", "User"), ("User", "explicitly denied")])
def test_a_denied_level_bars_the_wider_ones(denied: str, left: str) -> None:
    denial = statement("Deny", Condition={"StringEquals": {LEVEL_KEYS[denied]: "self"}})

    assert permissions(statement(), denial).level("servicecatalog:DescribeRecord", (EVERYTHING,), {}) == left


def test_a_level_grants_nothing_to_operations_without_levels() -> None:
    found = permissions(statement(Condition={"StringEquals": {"servicecatalog:userLevel": "self"}}))

    assert decide(found, "ProvisionProduct") == "not allowed"


def test_a_session_policy_bounds_what_the_role_may_do() -> None:
    found = permissions(statement(), session=[statement(Action="servicecatalog:DescribeProduct")])

    assert decide(found) == "allowed"
    assert decide(found, "DeleteProduct") == "not allowed by the session"


@pytest.mark.parametrize(
    ("name", "action", "answer"),
    [
        ("admin", "servicecatalog:CreatePortfolio", "allowed"),
        ("admin", "s3:PutObject", "allowed"),
        ("AWSServiceCatalogAdminFullAccess", "s3:PutObject", "not allowed"),
        ("arn:aws:iam::aws:policy/AWSServiceCatalogAdminFullAccess", "servicecatalog:DeleteProduct", "allowed"),
        ("AWSServiceCatalogAdminReadOnlyAccess", "servicecatalog:DescribePortfolio", "allowed"),
        ("AWSServiceCatalogAdminReadOnlyAccess", "servicecatalog:CreatePortfolio", "not allowed"),
        ("end-user", "servicecatalog:ProvisionProduct", "allowed"),
        ("end-user", "servicecatalog:ListPortfolios", "not allowed"),
        ("AWSServiceCatalogEndUserReadOnlyAccess", "servicecatalog:ProvisionProduct", "not allowed"),
        ("AWSServiceCatalogEndUserReadOnlyAccess", "servicecatalog:SearchProducts", "allowed"),
        ("engine", "servicecatalog:NotifyProvisionProductEngineWorkflowResult", "allowed"),
        ("engine", "servicecatalog:ProvisionProduct", "not allowed"),
    ],
)
def test_named_policies_permit_what_aws_says(name: str, action: str, answer: str) -> None:
    assert permissions_of(name).decide(action, (EVERYTHING,), {}) == answer


@pytest.mark.parametrize("name", known_names())
def test_every_named_policy_is_judged_without_doubt_of_what_is_asked_here(name: str) -> None:
    doubts = {doubt for policy in policies_of(name) for doubt in policy.doubts}

    assert not any("iam:" not in doubt for doubt in doubts)


@pytest.mark.parametrize("name", ["end-user", "AWSServiceCatalogEndUserReadOnlyAccess"])
def test_end_users_see_what_is_their_own(name: str) -> None:
    found = permissions_of(name)

    levels = {found.level(f"servicecatalog:{one}", (EVERYTHING,), {}) for one in LEVELLED}
    assert levels <= {"User", "not allowed"}
    assert found.level("servicecatalog:SearchProvisionedProducts", (EVERYTHING,), {}) == "User"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("[]", "is not a JSON object"),
        ("{", "is not a JSON object"),
        ({}, "has a Statement"),
        ({"Statement": "x"}, "has a Statement"),
        ({"Statement": statement(), "Version": "2020-01-01"}, "Version"),
        ({"Statement": statement(), "Statements": []}, "no element Statements"),
        ({"Statement": statement("allow")}, "Effect"),
        ({"Statement": statement(Sid="One", Principal="*")}, "Statement One of the policy has Principal"),
        ({"Statement": [statement(), statement(NotAction="x", Action="y")]}, "Statement 2 of the policy needs exactly"),
        ({"Statement": {"Effect": "Allow", "Action": "*"}}, "needs exactly one of Resource and NotResource"),
        ({"Statement": statement(Action=[])}, "neither a text nor a list of texts"),
        ({"Statement": statement(Action=["a:b", 1])}, "neither a text nor a list of texts"),
        ({"Statement": statement(Condition=[])}, "not operators"),
        ({"Statement": statement(Condition={"StringEquals": "x"})}, "not operators"),
        ({"Statement": statement(Condition={"StringEquals": {"aws:username": {}}})}, "neither a text, a number"),
        ("AWSServiceCatalogFullAccess", "There is no policy named AWSServiceCatalogFullAccess"),
    ],
)
def test_a_document_that_is_no_policy_is_refused_in_one_sentence(document: Any, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        policies_of(document)


def test_a_policy_that_cannot_be_read_permits_nothing() -> None:
    assert permissions_of("{}").decide("servicecatalog:DescribeProduct", (PRODUCT,), {}) == "not allowed"
