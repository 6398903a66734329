"""What in a plan deserves a second look."""

import re

import pytest

from manciple.catalog.risk import count_risks, risks_of
from manciple.catalog.risk_table import risk_table
from manciple.template.evaluation import Policy, Resource
from manciple.template.resource_schemas import known_types
from manciple.template.values import Secret, Value
from tests.unit.template.graphs import graph, resource, topic, update

BUCKET = "AWS::S3::Bucket"


def risks(before: list[Resource], after: list[Resource]) -> list[tuple[str, str]]:
    return [(risk.level, risk.reason) for risk in risks_of(update(graph(*before), graph(*after)))]


def group(cidr: str, direction: str = "SecurityGroupIngress") -> Resource:
    return resource("Group", "AWS::EC2::SecurityGroup", properties={direction: [{"CidrIp": cidr}]})


def role(*actions: str) -> Resource:
    statement: Value = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policies: Value = [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]
    return resource("Role", "AWS::IAM::Role", properties={"Policies": policies})


@pytest.mark.parametrize(
    ("policy", "level", "reason"),
    [
        ("Delete", "high", "Deletes a bucket: what it holds is lost."),
        ("Snapshot", "medium", "Deletes a bucket after taking a snapshot."),
        ("Retain", "low", "Leaves a bucket behind, outside the stack."),
    ],
)
def test_removing_what_holds_data_is_as_grave_as_its_deletion_policy(policy: Policy, level: str, reason: str) -> None:
    assert risks([resource("Bucket", BUCKET, deletion_policy=policy)], []) == [(level, reason)]


def test_replacing_what_holds_data_loses_it() -> None:
    def bucket(name: str) -> Resource:
        return resource("Bucket", BUCKET, properties={"BucketName": name})

    assert risks([bucket("a")], [bucket("b")]) == [
        ("high", "Replaces a bucket: the new one is empty, what the old one holds is lost.")
    ]


def test_a_possible_replacement_of_what_holds_data_is_told() -> None:
    def host(size: str) -> Resource:
        return resource("Host", "AWS::EC2::Instance", properties={"InstanceType": size})

    ((level, reason),) = risks([host("small")], [host("large")])

    assert (level, reason.split(":")[0]) == ("high", "May replace an instance with its local disks")


def test_removing_what_holds_nothing_is_no_risk() -> None:
    assert risks([topic()], []) == []


def test_opening_to_the_world_is_a_risk_only_where_it_is_new() -> None:
    opened = [("high", "Opens it to every IPv4 address.")]

    assert risks([group("10.0.0.0/8")], [group("0.0.0.0/0")]) == opened
    assert risks([], [group("0.0.0.0/0")]) == opened
    assert risks([group("0.0.0.0/0")], [group("10.0.0.0/8")]) == []


def test_going_out_to_the_world_is_no_risk() -> None:
    assert risks([], [group("0.0.0.0/0", "SecurityGroupEgress")]) == []


def test_a_policy_that_lets_everyone_in_is_a_risk() -> None:
    statement: Value = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    policy = resource("Policy", "AWS::S3::BucketPolicy", properties={"PolicyDocument": {"Statement": [statement]}})

    assert risks([], [policy]) == [("high", "Lets every principal in.")]


def test_more_permissions_are_told_with_the_broad_ones_first() -> None:
    assert risks([role("s3:GetObject")], [role("s3:GetObject", "s3:PutObject", "ec2:*", "*")]) == [
        ("high", "Grants every action."),
        ("medium", "Widens permissions: adds ec2:*."),
        ("low", "Widens permissions: adds s3:PutObject."),
    ]


def test_a_new_role_is_a_risk_only_if_it_may_do_everything() -> None:
    assert risks([], [role("s3:GetObject")]) == []
    assert risks([], [role("*")]) == [("high", "Grants every action.")]


def test_fewer_permissions_are_no_risk() -> None:
    assert risks([role("s3:GetObject", "s3:PutObject")], [role("s3:GetObject")]) == []


def test_a_reason_never_tells_a_secret() -> None:
    assert risks([role("s3:GetObject")], [role("s3:GetObject", Secret("s3:hidden"))]) == [
        ("low", "Widens permissions: adds ****.")
    ]


def rule(cidr: str = "0.0.0.0/0", port: str = "22", last: str | None = None, protocol: str = "tcp") -> Value:
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": last or port, "CidrIp": cidr}


def firewall(*rules: Value) -> Resource:
    properties: dict[str, Value] = {"GroupDescription": "web", "SecurityGroupIngress": list(rules)}
    return resource("Group", "AWS::EC2::SecurityGroup", properties=properties)


@pytest.mark.parametrize(
    ("opened", "level", "reason"),
    [
        (rule(port="443"), "medium", "Opens tcp port 443 to every IPv4 address."),
        (rule(port="22"), "high", "Opens tcp port 22 to every IPv4 address."),
        (rule(port="0", last="65535"), "high", "Opens tcp ports 0 to 65535 to every IPv4 address."),
        ({"IpProtocol": "-1", "CidrIpv6": "::/0"}, "high", "Opens every port to every IPv6 address."),
    ],
)
def test_an_opened_port_is_named_and_one_of_the_web_weighs_less(opened: Value, level: str, reason: str) -> None:
    assert risks([firewall(rule("10.0.0.0/8"))], [firewall(rule("10.0.0.0/8"), opened)]) == [(level, reason)]


def bucket_policy(**members: Value) -> Resource:
    statement: dict[str, Value] = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
        **members,
    }
    document: Value = {"Version": "2012-10-17", "Statement": [statement]}
    return resource("Policy", "AWS::S3::BucketPolicy", properties={"Bucket": "b", "PolicyDocument": document})


PUBLIC = [("high", "Lets every principal in.")]


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["111111111111", "*"]}])
def test_a_bucket_open_to_everyone_is_public_in_every_spelling(principal: Value) -> None:
    assert risks([], [bucket_policy(Principal=principal)]) == PUBLIC


@pytest.mark.parametrize(
    "principal", [{"Service": "cloudfront.amazonaws.com"}, {"AWS": "arn:aws:iam::111111111111:root"}]
)
def test_a_bucket_open_to_someone_is_not_public(principal: Value) -> None:
    assert risks([], [bucket_policy(Principal=principal)]) == []


@pytest.mark.parametrize(
    ("condition", "is_public"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"ArnLike": {"AWS:SourceArn": "arn:aws:cloudfront::111111111111:distribution/E1"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}, False),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, True),
    ],
)
def test_only_a_condition_on_who_calls_keeps_a_policy_from_being_public(condition: Value, is_public: bool) -> None:
    assert risks([], [bucket_policy(Principal="*", Condition=condition)]) == (PUBLIC if is_public else [])


def test_allowing_all_but_some_principals_is_public() -> None:
    assert risks([], [bucket_policy(NotPrincipal={"AWS": "111111111111"})]) == PUBLIC


def test_a_policy_written_as_json_text_is_read_as_well() -> None:
    text = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "logs:PutLogEvents", "Resource": "*"}}'
    policy = resource("Policy", "AWS::Logs::ResourcePolicy", properties={"PolicyName": "p", "PolicyDocument": text})

    assert risks([], [policy]) == PUBLIC


def test_a_function_that_everyone_may_invoke_is_public_unless_the_source_is_named() -> None:
    def permission(**members: Value) -> Resource:
        properties: dict[str, Value] = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": "f",
            "Principal": "*",
            **members,
        }
        return resource("Permission", "AWS::Lambda::Permission", properties=properties)

    assert risks([], [permission()]) == PUBLIC
    assert risks([], [permission(SourceArn="arn:aws:s3:::b")]) == []


def test_letting_another_account_in_is_a_risk() -> None:
    before = bucket_policy(Principal={"AWS": ["arn:aws:iam::111111111111:root"]})
    after = bucket_policy(Principal={"AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"]})

    assert risks([before], [after]) == [("medium", "Lets arn:aws:iam::222222222222:root in.")]


def test_removing_the_block_of_public_access_is_a_risk() -> None:
    blocked: dict[str, Value] = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": "true"}}

    before, after = resource("Bucket", BUCKET, properties=blocked), resource("Bucket", BUCKET)

    assert risks([before], [after]) == [("medium", "Removes the block of public access.")]


def test_a_safeguard_that_is_turned_off_is_a_risk() -> None:
    def table(protection: str) -> Resource:
        return resource("Table", "AWS::DynamoDB::Table", properties={"DeletionProtectionEnabled": protection})

    assert risks([table("true")], [table("false")]) == [("medium", "Turns DeletionProtectionEnabled off.")]
    assert risks([table("false")], [table("true")]) == []


def allowing(*statements: dict[str, Value], **members: Value) -> Resource:
    document: Value = {"Statement": [{"Effect": "Allow", **statement} for statement in statements]}
    properties: dict[str, Value] = {"Policies": [{"PolicyName": "p", "PolicyDocument": document}], **members}
    return resource("Role", "AWS::IAM::Role", properties=properties)


READ: dict[str, Value] = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (READ, {**READ, "Resource": "*"}, ("medium", "Widens permissions: s3:GetObject on every resource.")),
        (
            READ,
            {**READ, "Resource": "arn:aws:s3:::c/one"},
            ("low", "Widens permissions: s3:GetObject on arn:aws:s3:::c/one."),
        ),
        (
            {**READ, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
            READ,
            ("medium", "Widens permissions: s3:GetObject without the condition it had."),
        ),
        (READ, {"NotAction": "iam:*", "Resource": "*"}, ("high", "Grants everything except iam:*.")),
        (
            READ,
            {"Action": "iam:PassRole", "Resource": "*"},
            ("high", "Grants iam:PassRole on every resource, which can give further permissions."),
        ),
        (
            READ,
            {"Action": "iam:Put*", "Resource": "*"},
            ("high", "Grants iam:Put* on every resource, which can give further permissions."),
        ),
        (READ, {"Action": "*", "Resource": "arn:aws:s3:::b/*"}, ("high", "Grants every action on arn:aws:s3:::b/*.")),
    ],
)
def test_every_way_of_widening_a_policy_is_told(
    before: dict[str, Value], after: dict[str, Value], expected: tuple[str, str]
) -> None:
    assert risks([allowing(before)], [allowing(before, after)]) == [expected]


@pytest.mark.parametrize(
    "after",
    [
        {"Action": "S3:getobject", "Resource": "arn:aws:s3:::b/*"},
        {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/inner/*"},
        {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"x": "true"}}},
    ],
)
def test_what_was_allowed_before_is_no_widening(after: dict[str, Value]) -> None:
    assert risks([allowing(READ)], [allowing(READ, after)]) == []


def test_an_action_that_a_pattern_covered_is_no_widening() -> None:
    assert risks([role("s3:*")], [role("s3:*", "s3:PutObject")]) == []


def test_permissions_on_a_resource_that_execution_names_anew_are_no_widening() -> None:
    def stack(name: str) -> list[Resource]:
        inside: Value = {"Action": "s3:GetObject", "Resource": {"Ref": "Bucket"}}
        return [
            resource("Bucket", BUCKET, properties={"BucketName": name}, update_replace_policy="Retain"),
            resource(
                "Policy",
                "AWS::IAM::ManagedPolicy",
                properties={"PolicyDocument": {"Statement": [{"Effect": "Allow", **inside}]}},  # type: ignore[dict-item]
            ),
        ]

    assert [level for level, _ in risks(stack("a"), stack("b"))] == ["medium"]


def test_a_denial_that_goes_is_a_widening() -> None:
    denial: dict[str, Value] = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}

    assert risks([allowing(READ, denial)], [allowing(READ)]) == [
        ("medium", "Widens permissions: no longer denies s3:DeleteBucket.")
    ]


def test_a_permissions_boundary_that_goes_is_a_widening() -> None:
    assert risks([allowing(READ, PermissionsBoundary="arn:aws:iam::aws:policy/Edge")], [allowing(READ)]) == [
        ("medium", "Removes the permissions boundary.")
    ]


def test_a_managed_policy_that_is_attached_is_told_by_its_name() -> None:
    prefix = "arn:aws:iam::aws:policy/"
    after = allowing(READ, ManagedPolicyArns=[f"{prefix}AdministratorAccess", f"{prefix}ReadOnlyAccess"])

    assert risks([allowing(READ)], [after]) == [
        ("high", "Grants AdministratorAccess."),
        ("low", "Widens permissions: adds ReadOnlyAccess."),
    ]


def test_risks_are_counted_by_level_and_by_kind_of_resource() -> None:
    before = [resource("Bucket", BUCKET), role("s3:GetObject")]
    after = [role("s3:GetObject", "ec2:*", "*"), firewall(rule())]

    counts = count_risks(risks_of(update(graph(*before), graph(*after))))

    assert (counts.high, counts.medium, counts.low) == (3, 1, 0)
    assert (counts.data_loss, counts.public_exposure, counts.wider_permissions) == (1, 1, 1)
    assert counts.words == (
        "1 resource may lose data; 1 resource opened to the public; 1 resource given wider permissions."
    )


def test_every_type_of_the_table_exists() -> None:
    named = {name for holder in risk_table().holds_data for name in holder.types}

    of_cloudformation = {name for name in named if "::" in name}
    assert sorted(of_cloudformation - set(known_types())) == []
    assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", name) for name in named - of_cloudformation)


def test_terraforms_resources_are_judged_by_the_same_table() -> None:
    def database(**properties: Value) -> Resource:
        return resource("aws_db_instance.main", "aws_db_instance", properties=properties)

    before = [database(deletion_protection="true"), resource("aws_s3_bucket.logs", "aws_s3_bucket")]
    after = [database(deletion_protection="false", publicly_accessible="true")]

    assert risks(before, after) == [
        ("high", "Gives it a public address."),
        ("high", "Deletes a bucket: what it holds is lost."),
        ("medium", "Turns deletion_protection off."),
    ]


@pytest.mark.parametrize(
    ("direction", "reasons"), [("ingress", ["Opens tcp port 22 to every IPv4 address."]), ("egress", [])]
)
def test_a_security_group_of_terraform_is_opened_by_what_comes_in(direction: str, reasons: list[str]) -> None:
    ports: dict[str, Value] = {"protocol": "tcp", "from_port": "22", "to_port": "22", "cidr_blocks": ["0.0.0.0/0"]}

    found = risks([], [resource("aws_security_group.all", "aws_security_group", properties={direction: [ports]})])

    assert [reason for _, reason in found] == reasons
