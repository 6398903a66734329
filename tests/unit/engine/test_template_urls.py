"""Which object of the artifact store an address names."""

import pytest

from manciple.engine.template_urls import ObjectAddress, object_address

SERVER = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4566/bucket/dir/t.yaml",
        "http://localhost:4566/bucket/dir/t.yaml",
        "http://bucket.localhost:4566/dir/t.yaml",
        "s3://bucket/dir/t.yaml",
        "https://bucket.s3.amazonaws.com/dir/t.yaml",
        "http://bucket.s3.amazonaws.com/dir/t.yaml",
        "https://bucket.s3.eu-west-1.amazonaws.com/dir/t.yaml",
        "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/dir/t.yaml",
        "https://bucket.s3.cn-north-1.amazonaws.com.cn/dir/t.yaml",
        "https://bucket.s3.us-gov-west-1.amazonaws.com/dir/t.yaml",
        "https://s3.amazonaws.com/bucket/dir/t.yaml",
        "https://s3.eu-west-1.amazonaws.com/bucket/dir/t.yaml",
        "https://s3-eu-west-1.amazonaws.com/bucket/dir/t.yaml",
        "https://bucket.s3.a-region-of-our-own.amazonaws.com/dir/t.yaml",
        "https://S3.amazonaws.com/bucket/dir%2Ft.yaml?versionId=null",
        "https://bucket.s3.amazonaws.com/dir/t.yaml?X-Amz-Signature=a",
    ],
)
def test_every_form_of_an_s3_address_names_bucket_and_key(url: str) -> None:
    assert object_address(url, SERVER) == ObjectAddress("bucket", "dir/t.yaml")


def test_a_bucket_may_have_full_stops_in_its_name() -> None:
    found = object_address("https://my.own.bucket.s3.amazonaws.com/t", SERVER)

    assert found == ObjectAddress("my.own.bucket", "t")


def test_the_address_that_the_operator_gave_is_this_server() -> None:
    found = object_address("https://catalog.example.com/bucket/t", "https://catalog.example.com")

    assert found == ObjectAddress("bucket", "t")


@pytest.mark.parametrize("key", ["../other/t", "%2e%2e/other/t", "a/../../t"])
def test_full_stops_in_a_key_lead_nowhere(key: str) -> None:
    found = object_address(f"{SERVER}/bucket/{key}", SERVER)

    assert found is not None
    assert found.bucket == "bucket"
    assert found.key == key.replace("%2e", ".")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "file:///etc/passwd",
        "ftp://127.0.0.1:4566/bucket/t",
        "http://127.0.0.1:4567/bucket/t",
        "http://127.0.0.1:4566/bucket",
        "http://127.0.0.1:4566/bucket/",
        "http://user@127.0.0.1:4566/bucket/t",
        "http://127.0.0.1:4566@evil.test/bucket/t",
        "https://evil.test/bucket.s3.amazonaws.com/t",
        "https://bucket.s3.amazonaws.com.evil.test/t",
        "https://s3.amazonaws.com/bucket/t?versionId=3",
        "https://bucket.s3-website-eu-west-1.amazonaws.com/t",
        "http://127.0.0.1:port/bucket/t",
        "http://[::1/bucket/t",
        "s3://bucket",
    ],
)
def test_any_other_address_names_no_object(url: str) -> None:
    assert object_address(url, SERVER) is None
