"""Dynamic references: found, read, checked; they stay text."""

import pytest

from manciple.errors import TemplateError
from manciple.template.dynamic_references import SecretReference, SsmReference, fill, parse, refuse_absent
from manciple.template.evaluate import evaluate
from manciple.template.evaluation import Facts, Need, Needs
from manciple.template.load import load
from manciple.template.values import Value

ARN = "arn:aws:secretsmanager:us-east-1:111111111111:secret:db-a1b2c3"

SSM = "Incorrect format is used in the following SSM reference: "
SECRETS_MANAGER = "Incorrect format is used in the following Secrets Manager reference: "


def facts(known: dict[Need, Value | None] | None = None) -> Facts:
    return Facts(account="1" * 12, region="us-east-1", stack_name="s", stack_id="arn:s", known=known or {})


def needs_of(properties: str, type_: str = "T") -> object:
    template = load(f"Resources: {{Q: {{Type: T}}, R: {{Type: {type_}, Properties: {properties}}}}}")
    return evaluate(template, {}, facts())


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("ssm:/a/b.c-d_e", SsmReference("/a/b.c-d_e")),
        ("ssm:name:3", SsmReference("name", "3")),
        ("ssm-secure:name:3", SsmReference("name", "3", secure=True)),
        ("secretsmanager:db", SecretReference("db")),
        ("secretsmanager:db:SecretString", SecretReference("db")),
        ("secretsmanager:db:SecretString:user", SecretReference("db", "user")),
        ("secretsmanager:db:SecretString:user:AWSPREVIOUS", SecretReference("db", "user", "AWSPREVIOUS")),
        ("secretsmanager:db:SecretString:::v1", SecretReference("db", "", "", "v1")),
        (f"secretsmanager:{ARN}", SecretReference(ARN)),
        (f"secretsmanager:{ARN}:SecretString:user::", SecretReference(ARN, "user")),
    ],
)
def test_a_reference_names_a_parameter_or_a_secret(text: str, reference: object) -> None:
    found = parse(f"{{{{resolve:{text}}}}}")

    assert found == reference


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ssm-secure:/name:", SSM),
        ("ssm:a b", SSM),
        ("ssm:a:b", SSM),
        ("secretsmanager:db:SecretBinary", SECRETS_MANAGER),
        ("secretsmanager:db:SecretString:a:b:c:d", SECRETS_MANAGER),
    ],
)  # fmt: skip
def test_a_malformed_reference_is_refused(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        needs_of(f"{{P: 'x{{{{resolve:{text}}}}}'}}")

    assert refused.value.message == f"{message}[{{{{resolve:{text}}}}}]"
    assert refused.value.path.startswith("Resources/R")


def test_a_plan_asks_for_each_reference_that_is_complete() -> None:
    found = needs_of(
        "{A: 'a{{resolve:ssm:/x}}b{{resolve:ssm:/y}}', B: [!Sub '{{resolve:ssm:${AWS::Region}}}'], "
        "C: !Sub '{{resolve:secretsmanager:${Q}}}', D: '{{resolve:other:x}}'}"
    )

    assert found == Needs(
        frozenset(Need("reference", f"{{{{resolve:ssm:{name}}}}}") for name in ("/x", "/y", "us-east-1"))
    )


def test_secure_references_stand_only_where_cloudformation_takes_them() -> None:
    taken = needs_of("{LoginProfile: {Password: '{{resolve:ssm-secure:p:1}}'}}", "AWS::IAM::User")

    with pytest.raises(TemplateError) as refused:
        needs_of("{Environment: {Variables: {KEY: '{{resolve:ssm-secure:p:1}}'}}}", "AWS::Lambda::Function")

    assert isinstance(taken, Needs)
    place = "AWS::Lambda::Function/Properties/Environment/Variables/KEY"
    assert refused.value.message == f"SSM Secure reference is not supported in: [{place}]"


def test_a_parameter_that_does_not_exist_fails_the_plan_but_a_secret_does_not() -> None:
    secret: dict[Need, Value | None] = {Need("reference", "{{resolve:secretsmanager:gone}}"): None}

    refuse_absent(facts(secret))
    with pytest.raises(TemplateError) as refused:
        refuse_absent(facts({**secret, Need("reference", "{{resolve:ssm:/gone:2}}"): None}))

    assert refused.value.message == "Parameters: [ssm:/gone:2] cannot be found."


def test_what_is_known_is_filled_in_once() -> None:
    known = {"{{resolve:ssm:a}}": "{{resolve:ssm:b}}", "{{resolve:ssm:b}}": "c"}

    found = fill({"P": ["x{{resolve:ssm:a}}", "{{resolve:ssm:b}}", "{{resolve:ssm:none}}"]}, known)

    assert found == {"P": ["x{{resolve:ssm:b}}", "c", "{{resolve:ssm:none}}"]}
