"""Identifiers and ARNs as AWS forms them (service-catalog-api reference, section 2)."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
LENGTH = 13

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
_URL_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov"}


def format_id(prefix: str, number: int) -> str:
    """`<prefix>-` and 13 letters of the base32 alphabet; `number` is at least 65 random bits."""
    letters = []
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return f"{prefix}-{''.join(letters)}"


def partition_of(region: str) -> str:
    """The partition that a region lies in: `aws`, `aws-cn`, `aws-us-gov` …"""
    return next((partition for start, partition in _PARTITIONS.items() if region.startswith(start)), "aws")


def url_suffix_of(partition: str) -> str:
    """What `AWS::URLSuffix` gives in a partition."""
    return _URL_SUFFIXES.get(partition, "amazonaws.com")


def portfolio_arn(account: str, region: str, portfolio_id: str) -> str:
    """A portfolio's ARN; its service word is `catalog`."""
    return f"arn:{partition_of(region)}:catalog:{region}:{account}:portfolio/{portfolio_id}"


def product_arn(account: str, region: str, product_id: str) -> str:
    """A product's ARN; its service word is `catalog`."""
    return f"arn:{partition_of(region)}:catalog:{region}:{account}:product/{product_id}"


def provisioned_product_arn(account: str, region: str, name: str, provisioned_product_id: str) -> str:
    """A provisioned product's ARN; its service word is `servicecatalog`."""
    partition = partition_of(region)
    return f"arn:{partition}:servicecatalog:{region}:{account}:stack/{name}/{provisioned_product_id}"


def stack_name(account: str, provisioned_product_id: str) -> str:
    """The name of the CloudFormation stack under a provisioned product."""
    return f"SC-{account}-{provisioned_product_id}"


def queue_arn(account: str, region: str, name: str) -> str:
    """`arn:<partition>:sqs:<region>:<account>:<name>`."""
    return f"arn:{partition_of(region)}:sqs:{region}:{account}:{name}"


def stack_set_arn(account: str, region: str, name: str, unique: str) -> str:
    """The ARN of a CloudFormation stack set (service authorization reference)."""
    return f"arn:{partition_of(region)}:cloudformation:{region}:{account}:stackset/{name}:{unique}"


def launch_path_id(portfolio_id: str) -> str:
    """A launch path is `lpv3-` and the suffix of its portfolio's id: stable across products and principals."""
    return "lpv3-" + portfolio_id.removeprefix("port-")
