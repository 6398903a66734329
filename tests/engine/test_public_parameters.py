"""The public parameters of Systems Manager."""

import json
import re

import pytest

from manciple.engine.public_parameters import public_parameter

LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
ECS = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"


@pytest.mark.parametrize(
    "name",
    [
        LINUX,
        "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base",
        "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
        "/aws/service/debian/release/12/latest/arm64",
        "/aws/service/bottlerocket/aws-k8s-1.30/x86_64/latest/image_id",
        "/aws/service/eks/optimized-ami/1.30/amazon-linux-2023/x86_64/standard/recommended/image_id",
        "/aws/service/ecs/optimized-ami/amazon-linux-2/arm64/recommended/image_id",
        "/aws/service/ecs/optimized-ami/windows_server/2022/english/full/recommended/image_id",
        "/aws/service/ami-windows-latest/Windows_Server-2019-English-Core-EKS_Optimized-1.29/image_id",
        "/aws/service/ec2-macos/sonoma/arm64_mac/latest/image_id",
    ],
)
def test_every_family_of_images_has_one_for_each_name_and_region(name: str) -> None:
    here, there = public_parameter(name, "eu-west-1"), public_parameter(name, "us-east-1")

    assert re.fullmatch("ami-[0-9a-f]{17}", str(here))
    assert here == public_parameter(name, "eu-west-1")
    assert here != there


def test_a_document_and_its_members_tell_of_the_same_image() -> None:
    document = json.loads(str(public_parameter(ECS, "eu-west-1")))

    assert document["image_id"] == public_parameter(f"{ECS}/image_id", "eu-west-1")
    assert document["ecs_agent_version"] == public_parameter(f"{ECS}/ecs_agent_version", "eu-west-1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("global-infrastructure/regions/eu-central-1/longName", "Europe (Frankfurt)"),
        ("global-infrastructure/regions/cn-north-1/partition", "aws-cn"),
        ("global-infrastructure/current-region", "eu-west-1"),
        ("global-infrastructure/availability-zones/use1-az1", "use1-az1"),
        ("global-infrastructure/regions/us-west-2", "us-west-2"),
        ("global-infrastructure/regions/us-west-2/services/sqs/endpoint", "sqs.us-west-2.amazonaws.com"),
        ("eks/optimized-ami/1.30/amazon-linux-2/recommended/release_version", "1.30.0-20250101"),
    ],
)
def test_regions_services_and_versions_are_told(name: str, value: str) -> None:
    assert public_parameter(f"/aws/service/{name}", "eu-west-1") == value


@pytest.mark.parametrize(
    "name",
    ["/mine/ami", "/aws/service/", "/aws/service/no/such/thing", "/aws/service/global-infrastructure/regions/mars-1"],
)
def test_other_names_have_no_value(name: str) -> None:
    assert public_parameter(name, "eu-west-1") is None
