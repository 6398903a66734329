"""Which principals can be associated with a portfolio (service-catalog-api reference, 5.6).

`IAM` takes the whole ARN of a user, group or role; `IAM_PATTERN` takes it without an account, and in it `*` and `?` may
stand after the resource type. Whether the principal exists is not asked: there is no IAM here.
"""

import re

from manciple.catalog.entities import PrincipalType
from manciple.errors import InvalidParametersException

_PLAIN = r"[!-)+->@-~]*[!-)+-.0->@-~]"  # printable ASCII but * and ?, not ending with /
_WITH_WILDCARDS = r"[!-~]*[!-.0-~]"
_FORMS: dict[PrincipalType, str] = {
    "IAM": rf"arn:%s:iam::[0-9]{{12}}:(user|group|role)/{_PLAIN}",
    "IAM_PATTERN": rf"arn:%s:iam:::(user|group|role)/{_WITH_WILDCARDS}",
}


def check_principal(arn: str, principal_type: PrincipalType, partition: str) -> None:
    """Raise InvalidParametersException, with AWS's recorded text, unless the ARN has the form of its type."""
    if not re.fullmatch(_FORMS[principal_type] % re.escape(partition), arn):
        raise InvalidParametersException("Invalid input parameter(s)")
