"""What in a plan deserves a second look."""

import pytest

from manciple.catalog.risk import risks_of
from manciple.template.evaluation import Policy, Resource
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
