"""The settings there are, section by section; a docstring says what its fields mean. AWS's values are the defaults."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
Rate = Annotated[float, Meta(gt=0)]
Port = Annotated[int, Meta(ge=0, le=65535)]
Address = Annotated[str, Meta(pattern=r"^https?://\S+$")]
SourceBase = Annotated[str, Meta(pattern=r"^(/|https://)\S*$")]
ProductType = Literal["CLOUD_FORMATION_TEMPLATE", "MARKETPLACE", "TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL"]
Endpoint = Annotated[str, Meta(pattern=r"^(aws|https?://\S+)$")]


class Quota(Struct, frozen=True, kw_only=True):
    """AWS's quotas (Service Catalog administrator guide, "Quotas"; CloudFormation user guide, "Quotas")."""

    portfolios: Count = 100
    products: Count = 350
    products_per_portfolio: Count = 150
    principals_per_portfolio: Count = 100
    patterns_per_portfolio: Count = 10
    principals_per_product: Count = 200
    shared_accounts_per_portfolio: Count = 5000
    delegated_administrators: Count = 50
    constraints_per_product_and_portfolio: Count = 100
    tags_per_portfolio: Count = 20
    tags_per_product: Count = 20
    tags_per_provisioned_product: Count = 50
    versions_per_product: Count = 100
    plans_per_product: Positive = 1
    tag_options_per_resource: Count = 25
    values_per_tag_option: Count = 25
    budgets_per_resource: Count = 100
    service_actions: Count = 200
    actions_per_version: Count = 25
    template_bytes: Count = 1_000_000
    resources_per_template: Count = 500
    resources_in_nested_stacks: Count = 2500  # of a stack with all that is nested in it; ours
    parameters_per_template: Count = 200
    outputs_per_template: Count = 200
    mappings_per_template: Count = 200


class Engine(Struct, frozen=True, kw_only=True):
    """How operations are carried out: `threads` provider calls at once, leases, the poll below all wakes.

    `target` is what new provisioned products are deployed onto; one that exists stays where it is. What an operation
    leaves behind, its events too, is removed `retention_days` after it ended, never if that is 0. With
    `read_before_plan` every plan of the stack target also tells what of its resources is not as it was deployed.
    """

    target: str = "stack"
    retention_days: Count = 90
    read_before_plan: bool = False
    threads: Positive = 64
    lease_seconds: Seconds = 30.0
    poll_seconds: Seconds = 1.0


class Faithful(Struct, frozen=True, kw_only=True):
    """What `behaviour = "faithful"` adds to rehearse with; `instant` has none of it.

    `creating`, `sharing`, `copying`: how long a version or constraint is CREATING, a share and a copy IN_PROGRESS. An
    account may call an operation so many times a second, `burst` times at once; an operation of shares more seldom.
    """

    creating_seconds: Seconds = 2.0
    sharing_seconds: Seconds = 5.0
    copying_seconds: Seconds = 5.0
    requests_per_second: Rate = 10.0
    shares_per_second: Rate = 1.0
    burst: Positive = 20


class Limits(Struct, frozen=True, kw_only=True):
    """The largest bodies, in bytes, that the server reads: of an API request, of an object, of a callback."""

    request_bytes: Positive = 4 * 1024**2
    object_bytes: Positive = 512 * 1024**2
    callback_bytes: Positive = 4096


class Sandbox(Struct, frozen=True, kw_only=True):
    """The simulated cloud: `signals` that a resource waits for come by themselves, or are waited for."""

    signals: Literal["auto", "wait"] = "auto"


class TargetRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which target new products of a type go to, in an account and region; what is left out holds for all."""

    target: str
    product_type: ProductType | None = None
    account: str | None = None
    region: str | None = None


class CloudFormationPlace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another CloudFormation for an account, a region or both; nothing of the default one holds there."""

    endpoint: Endpoint
    account: str | None = None
    region: str | None = None
    sts_endpoint: Endpoint | None = None
    s3_endpoint: Endpoint | None = None
    bucket: str | None = None


class CloudFormation(Struct, frozen=True, kw_only=True):
    """A real CloudFormation: its address, or `aws` for AWS's own one of each region; STS, to assume launch roles.

    Templates that are too long for a request go to a `bucket` at `s3_endpoint` (the same address unless set), where the
    endpoint reads them. The first of `places` that fits goes before all this.
    """

    endpoint: Endpoint | None = None
    sts_endpoint: Endpoint | None = None
    s3_endpoint: Endpoint | None = None
    bucket: str | None = None
    places: tuple[CloudFormationPlace, ...] = ()
    poll_seconds: Seconds = 2.0


class External(Struct, frozen=True, kw_only=True):
    """Provisioning engines of others, which are asked by messages as AWS asks them.

    What has no result by the time-out has failed, and so has what was received so often without one. Messages wait in
    queues on this server's own port, or are sent to SQS: `sqs_endpoint` is an address, or `aws`. `parser` is the
    address of what reads the parameters of artifacts. `operation_names = "documented"` spells operations as the
    administrator guide does, not as AWS's messages do.
    """

    timeout_seconds: Seconds = 21_600.0
    most_receives: Positive = 5
    visibility_timeout_seconds: Count = 180
    sqs_endpoint: Endpoint | None = None
    launch_role_required: bool = True
    operation_names: Literal["observed", "documented"] = "observed"
    parser: Address | None = None
    parser_seconds: Seconds = 30.0


class Terraform(Struct, frozen=True, kw_only=True):
    """Terraform or OpenTofu: the program (`tofu` or `terraform` on PATH unless set), and what packages may do.

    Patterns name what is allowed: providers, provisioners, sources of modules that are not in the package, backends
    that blocks and `terraform_remote_state` name; `any_files`: functions may read what is not in the package. Providers
    come from `mirror`, a directory laid out as a filesystem mirror. A run sees the variables that `environment` names
    and no others, runs as `user` if the server is root, and has to stay within `seconds` and `memory_bytes`; asked to
    stop, it has `grace_seconds` before it is killed. `registry` lets providers come from a registry instead. No file
    that a run writes is larger than `file_bytes` (a provider is one), no state or plan file than `state_bytes`.
    """

    binary: Path | None = None
    providers: tuple[str, ...] = ("terraform.io/builtin/terraform",)
    provisioners: tuple[str, ...] = ()
    module_sources: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    any_files: bool = False
    mirror: Path | None = None
    registry: bool = False
    environment: tuple[str, ...] = ()
    user: str | None = None
    seconds: Seconds = 3600.0
    grace_seconds: Seconds = 120.0
    memory_bytes: Positive = 2 * 1024**3
    file_bytes: Positive = 2 * 1024**3
    state_bytes: Positive = 64 * 1024**2
    parallelism: Positive = 10
    archive_bytes: Positive = 16 * 1024**2
    unpacked_bytes: Positive = 64 * 1024**2
    entries: Positive = 2000
    configuration_bytes: Positive = 1024**2


class Targets(Struct, frozen=True, kw_only=True):
    """What there is to deploy onto beside the stack target; a target without its endpoint is left out.

    Of the `rules` the first that fits a new product, and whose target serves its type, decides; else `engine.target`
    does, or for a type that it does not serve the only target that does.
    """

    rules: tuple[TargetRule, ...] = ()
    cloudformation: CloudFormation = CloudFormation()
    external: External = External()
    terraform: Terraform = Terraform()


class CloudControlPlace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another Cloud Control for an account, a region or both; nothing of the default one holds there."""

    endpoint: Endpoint
    account: str | None = None
    region: str | None = None
    sts_endpoint: Endpoint | None = None


class CloudControl(Struct, frozen=True, kw_only=True):
    """A Cloud Control API that makes resources of the stack target real: its address, or `aws` for AWS's own ones.

    STS is where launch roles are assumed. What matches none of `types` stays simulated, as does everything in a place
    without an endpoint. The first of `places` that fits goes before the endpoint here.
    """

    endpoint: Endpoint | None = None
    sts_endpoint: Endpoint | None = None
    types: tuple[str, ...] = ("AWS::*",)
    places: tuple[CloudControlPlace, ...] = ()
    poll_seconds: Seconds = 2.0


class Providers(Struct, frozen=True, kw_only=True):
    """What makes the resources of the stack target, beside the simulated cloud."""

    cloud_control: CloudControl = CloudControl()


class Sources(Struct, frozen=True, kw_only=True):
    """How repositories of source connections are read: how often, and within what time and size git has to be through.

    What a connection leads to is set in `source_connections`.
    """

    poll_seconds: Seconds = 10.0
    timeout_seconds: Seconds = 30.0
    repository_bytes: Positive = 64 * 1024**2


class Runner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How service actions of some documents are run: by a program (`argv`, never a shell) or by POST to a `url`.

    Either gets the execution as JSON and has to be through in `seconds`. What a TARGET parameter stands for are the
    product's resources of `target_type`.
    """

    argv: tuple[str, ...] = ()
    url: Address | None = None
    seconds: Seconds = 300.0
    target_type: str | None = None

    def __post_init__(self) -> None:
        """Refuse a runner with both ways to run, or none."""
        if bool(self.argv) == (self.url is not None):
            raise ValueError("a runner has either argv or url")


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting. `data` is the only one whose default depends on the user."""

    host: str = "127.0.0.1"
    port: Port = 4566
    data: Path
    database: str | None = None  # SQLAlchemy URL; None: SQLite in `data`
    auth: Literal["open", "sigv4"] = "open"
    public_url: Address | None = None  # None: the bound address
    behaviour: Literal["instant", "faithful"] = "instant"
    execute: bool = True
    insecure: bool = False
    allowed_hosts: tuple[str, ...] = ()
    template_hosts: tuple[str, ...] = ()  # hosts that LoadTemplateFromURL may fetch from
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    secret_key_file: Path | None = None
    directory: Path | None = None  # accounts, organizations, roles: a TOML or JSON file that every start stores anew
    quota: Quota = Quota()
    engine: Engine = Engine()
    faithful: Faithful = Faithful()
    limits: Limits = Limits()
    sandbox: Sandbox = Sandbox()
    targets: Targets = Targets()
    providers: Providers = Providers()
    types: tuple[str, ...] = ()  # directories of resource types of your own, schema and handlers
    service_actions: dict[str, Runner] = {}  # pattern of a document's name -> what runs it
    sources: Sources = Sources()
    source_connections: dict[str, SourceBase] = {}  # ConnectionArn -> a directory or https address of repositories
    custom_resources: dict[str, Address] = {}  # pattern of a ServiceToken -> where its requests are sent
    notifications: dict[str, Address] = {}  # pattern of an SNS topic's ARN -> where stack events for it are sent
    macros: dict[str, Address] = {}  # pattern of a macro's name -> where its events are sent, and answered
