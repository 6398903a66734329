"""What the catalog asks of the engine: one frozen value, made by the operation that accepted the request."""

import msgspec

from manciple.catalog.constraints.effects import Effects
from manciple.catalog.ids import stack_name
from manciple.catalog.stack_sets import Change
from manciple.engine.place import Place, place_of


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """A launch or an update of a provisioned product.

    `template_digest` is the blob with the version's template as it was uploaded. `parameters` are the values given,
    `use_previous` the keys given with UsePreviousValue (looked up in the product's `parameters_digest`). `tags` are the
    stack's tags, `auto_tags` the `aws:servicecatalog:*` ones that never count as a change by themselves. `effects` are
    those of the constraints along the launch path; `notification_arns` the product's own, without theirs. `stack_set`
    is what to do with stack instances where the product is a stack set; `instance_stack` names the stack of one.
    `product_account` is the account that the product and its versions belong to, if it is not the launching one.
    """

    account: str
    region: str
    provisioned_product_id: str
    template_digest: str
    target: str = "stack"
    parameters: dict[str, str] = {}
    use_previous: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    auto_tags: dict[str, str] = {}
    notification_arns: tuple[str, ...] = ()
    effects: Effects = Effects()
    stack_set: Change | None = None
    role_arn: str | None = None
    endpoint: str | None = None
    imported_stack: str | None = None
    instance_stack: str | None = None
    product_account: str | None = None

    @property
    def stack_name(self) -> str:
        """The name of the product's CloudFormation stack; one that was imported, or is an instance's, has its own."""
        own = self.imported_stack or self.instance_stack
        return own or stack_name(self.account, self.provisioned_product_id)

    @property
    def topic_arns(self) -> tuple[str, ...]:
        """Every topic that the stack's events are sent to, each once: the request's, then the constraints'."""
        return tuple(dict.fromkeys((*self.notification_arns, *self.effects.notification_arns)))

    @property
    def place(self) -> Place:
        """Where the product's resources are; sessions carry the stack's name."""
        place = place_of(self.account, self.region, self.role_arn, self.stack_name)
        return msgspec.structs.replace(place, endpoint=self.endpoint)


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """An import: the stack with this ARN becomes the product's; `template_digest` is the version's template."""

    account: str
    region: str
    provisioned_product_id: str
    target: str
    stack_arn: str
    template_digest: str
    role_arn: str | None = None


class Termination(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a product: `retain` keeps its resources, `ignore_errors` forgets what cannot be deleted.

    `role_arn` is the product's launch role of now; None leaves the one that it was launched under.
    """

    account: str
    region: str
    provisioned_product_id: str
    target: str = "stack"
    retain: bool = False
    ignore_errors: bool = False
    role_arn: str | None = None
