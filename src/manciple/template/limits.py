"""How large a template and what it produces may be; CloudFormation's quotas are the defaults."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Quotas of one template.

    The first block is CloudFormation's own (user guide, "Understand CloudFormation quotas"). The second is ours, so
    that a small template cannot become a large one: `depth` levels of nesting, `key` characters of one key, and
    `produced` characters that all functions of one evaluation may make (joined, cut, substituted or repeated text),
    `nested_resources` resources of a stack together with those nested in it.
    """

    template_bytes: int = 1_000_000
    resources: int = 500
    parameters: int = 200
    outputs: int = 200
    mappings: int = 200
    mapping_attributes: int = 200
    description: int = 1024

    depth: int = 80
    key: int = 1024
    produced: int = 4 * 1024 * 1024
    nested_resources: int = 2500


DEFAULT_LIMITS = Limits()
