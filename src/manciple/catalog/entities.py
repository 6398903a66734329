"""What a catalog holds. One frozen structure an entity; the tables in `store/tables/catalog.py` have the same columns.

Times are milliseconds since the epoch. Every entity belongs to one account and region. Tags are kept as a mapping in
the order given. Statuses are spelt as AWS spells them.
"""

from typing import Any, Literal, TypeAlias

import msgspec

Tags: TypeAlias = dict[str, str]

ProductType: TypeAlias = Literal[
    "CLOUD_FORMATION_TEMPLATE", "MARKETPLACE", "TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL"
]
Guidance: TypeAlias = Literal["DEFAULT", "DEPRECATED"]
PrincipalType: TypeAlias = Literal["IAM", "IAM_PATTERN"]
ProvisionedProductStatus: TypeAlias = Literal["AVAILABLE", "UNDER_CHANGE", "TAINTED", "ERROR", "PLAN_IN_PROGRESS"]
PlanStatus: TypeAlias = Literal[
    "CREATE_IN_PROGRESS", "CREATE_SUCCESS", "CREATE_FAILED", "EXECUTE_IN_PROGRESS", "EXECUTE_SUCCESS", "EXECUTE_FAILED"
]
RecordStatus: TypeAlias = Literal["CREATED", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR", "SUCCEEDED", "FAILED"]
RecordType: TypeAlias = Literal[
    "PROVISION_PRODUCT",
    "UPDATE_PROVISIONED_PRODUCT",
    "TERMINATE_PROVISIONED_PRODUCT",
    "IMPORT_PROVISIONED_PRODUCT",
    "UPDATE_PROVISIONED_PRODUCT_PROPERTIES",
    "EXECUTE_PROVISIONED_PRODUCT_SERVICE_ACTION",
]


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """What every entity has: an owner."""

    account: str
    region: str


class Portfolio(Entity, frozen=True, kw_only=True):
    """A portfolio: products made available together to the same principals."""

    id: str
    display_name: str
    provider_name: str
    description: str | None = None
    tags: Tags = {}
    created_time: int


class Product(Entity, frozen=True, kw_only=True):
    """A product; `view_id` is the `prodview-` id, `source_product_id` the product that it was copied from.

    The API tells `created_time` in whole seconds (reference, section 9, fact 25).
    """

    id: str
    view_id: str
    name: str
    owner: str
    type: ProductType
    description: str | None = None
    distributor: str | None = None
    support_description: str | None = None
    support_email: str | None = None
    support_url: str | None = None
    tags: Tags = {}
    source_product_id: str | None = None
    created_time: int


class ProvisioningArtifact(Entity, frozen=True, kw_only=True):
    """A version of a product. Its template's bytes are kept for ever under `template_digest`.

    `template_url` is what `Info` answers as `TemplateUrl`; `sequence` counts the versions of one product from 1 and is
    their order; the API tells `created_time` in whole seconds. A copy names the version and product it was made from,
    one that was synced from a repository the commit (`source_revision`).
    """

    id: str
    product_id: str
    sequence: int
    name: str | None = None
    description: str | None = None
    type: ProductType
    active: bool = True
    guidance: Guidance = "DEFAULT"
    template_url: str | None = None
    template_digest: str
    source_artifact_id: str | None = None
    source_product_id: str | None = None
    source_revision: str | None = None
    created_time: int


class ProductAssociation(Entity, frozen=True, kw_only=True):
    """A product is offered in a portfolio; one of another account comes through a portfolio that it shares."""

    product_id: str
    portfolio_id: str
    source_portfolio_id: str | None = None
    created_time: int


class PrincipalAssociation(Entity, frozen=True, kw_only=True):
    """A principal, or every principal that a pattern matches, may launch what a portfolio offers."""

    portfolio_id: str
    principal_arn: str
    principal_type: PrincipalType
    created_time: int


class ProvisionedProduct(Entity, frozen=True, kw_only=True):
    """A launched product, or one whose first launch is planned.

    `revision` grows with every change of what is deployed or of the status; a plan names the revision it was made from.
    `physical_id` is the stack's ARN once there is a stack. `parameters_digest` is a sealed blob: the template
    parameters (name -> value) of the last successful deployment, for UsePreviousValue. `provisioned_by` is the
    principal of the newest record, `user_arn_session` its session's ARN.
    """

    id: str
    name: str
    arn: str
    type: str = "CFN_STACK"
    status: ProvisionedProductStatus
    status_message: str | None = None
    created_time: int
    revision: int = 1
    idempotency_token: str | None = None
    product_id: str
    product_name: str
    provisioning_artifact_id: str
    provisioning_artifact_name: str | None = None
    path_id: str
    launch_role_arn: str | None = None
    user_arn: str
    user_arn_session: str
    physical_id: str | None = None
    tags: Tags = {}
    notification_arns: tuple[str, ...] = ()
    parameters_digest: str | None = None
    last_record_id: str | None = None
    last_provisioning_record_id: str | None = None
    last_successful_provisioning_record_id: str | None = None


class Plan(Entity, frozen=True, kw_only=True):
    """A plan: what a launch or an update would change.

    `request_digest` is a sealed blob with the input (parameters as given); `planned_digest` a sealed blob with
    everything execution needs; `document_digest` the plan document that people read; `changes_digest` the list of
    ResourceChange that DescribeProvisionedProductPlan answers; `base_revision` the product's revision that the plan was
    made from; `is_new` whether it launches a new product.
    """

    id: str
    name: str
    type: str = "CLOUDFORMATION"
    provisioned_product_id: str
    provisioned_product_name: str
    product_id: str
    provisioning_artifact_id: str
    path_id: str
    status: PlanStatus
    status_message: str | None = None
    status_reason: str | None = None
    created_time: int
    updated_time: int
    notification_arns: tuple[str, ...] = ()
    tags: Tags = {}
    user_arn: str
    user_arn_session: str
    launch_role_arn: str | None = None
    is_new: bool
    base_revision: int
    request_digest: str
    planned_digest: str | None = None
    document_digest: str | None = None
    changes_digest: str | None = None
    fingerprint: str | None = None
    base_fingerprint: str | None = None
    record_id: str | None = None


class Record(Entity, frozen=True, kw_only=True):
    """A record: one request that launched, updated or terminated a product, and how it went.

    `product_account` is the account that the product and its versions belong to, if not the record's own.
    `errors` is a list of {Code, Description}; `outputs` a list of {OutputKey, OutputValue, Description}, the stack's
    ARN first, written when the record succeeds.
    """

    id: str
    type: str
    status: RecordStatus
    created_time: int
    updated_time: int
    provisioned_product_id: str
    provisioned_product_name: str
    provisioned_product_type: str = "CFN_STACK"
    product_account: str | None = None
    product_id: str
    provisioning_artifact_id: str
    path_id: str
    launch_role_arn: str | None = None
    plan_id: str | None = None
    user_arn: str
    user_arn_session: str
    tags: Tags = {}
    errors: tuple[dict[str, str], ...] = ()
    outputs: tuple[dict[str, Any], ...] = ()


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that this server issued.

    `sealed_secret` is the sealed secret access key; `policy` is `admin`, `end-user` or the text of a policy document;
    `is_operator` allows `manciple:Operate`.
    """

    id: str
    account: str
    arn: str
    sealed_secret: bytes
    policy: str = "admin"
    is_operator: bool = False
    created_time: int
