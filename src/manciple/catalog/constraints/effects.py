"""What the constraints along a launch path make of a launch: one frozen value, whatever constraints there are."""

import msgspec

from manciple.template.values import Value


class StackSet(msgspec.Struct, frozen=True, kw_only=True):
    """A launch is one stack in each of these accounts and regions, in this order.

    `admin_role` (an ARN) enters the accounts by their `execution_role` (a name). `allows_control` lets whoever
    provisions create, update and delete single stack instances.
    """

    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    admin_role: str
    execution_role: str
    allows_control: bool = False


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """`rules` stand beside the template's own; `notification_arns` beside those of the request."""

    launch_role_arn: str | None = None
    notification_arns: tuple[str, ...] = ()
    allows_tag_updates: bool = False
    rules: dict[str, Value] = {}
    stack_set: StackSet | None = None
