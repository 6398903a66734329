"""What packages may not do unless the operator says so: every way to ask for it that Terraform knows."""

import pytest

from manciple.engine.terraform.policy import PackagePolicy, policy_of, refusals
from manciple.settings.sections import Terraform
from tests.packages import configuration

PLAIN = PackagePolicy()


def refused(text: str = "", files: dict[str, str] | None = None, policy: PackagePolicy = PLAIN) -> list[str]:
    return refusals(configuration(text, files), policy)


def test_the_defaults_of_the_settings_are_the_defaults_of_the_policy() -> None:
    assert policy_of(Terraform()) == PackagePolicy()


def test_the_built_in_provider_is_allowed() -> None:
    text = """
    terraform {
      required_providers {
        terraform = { source = "terraform.io/builtin/terraform" }
      }
    }
    resource "terraform_data" "a" { input = provider::terraform::encode_expr("a") }
    """

    assert refused(text) == []


@pytest.mark.parametrize(
    "text",
    [
        'resource "random_id" "a" {}',
        'data "external" "a" { program = ["sh"] }',
        'ephemeral "random_password" "a" {}',
        'action "random_run" "a" {}',
        'provider "random" {}',
        'provider "random" { alias = "x" }',
        'terraform {\n required_providers {\n random = { source = "hashicorp/random" }\n }\n}',
        'terraform {\n required_providers {\n random = "~> 3"\n }\n}',
        'terraform {\n required_providers {\n random = { version = "3" }\n }\n}',
        'terraform {\n provider_meta "random" {}\n}',
        'resource "terraform_data" "a" { provider = random.x }',
        'resource "terraform_data" "a" { provider = "random.x" }',
        'resource "terraform_data" "a" { input = provider::random::f(1) }',
        'locals { a = "x${provider::random::f(1)}" }',
        'module "m" {\n source = "./m"\n providers = {\n terraform = random.x\n }\n}',
        'check "c" {\n data "external" "a" {}\n assert {\n condition = true\n error_message = ""\n }\n}',
        'import {\n to = terraform_data.x\n id = "1"\n provider = random.x\n}',
        'variable "a" {\n validation {\n condition = provider::random::f(var.a)\n error_message = ""\n }\n}',
    ],
)
def test_every_way_to_ask_for_another_provider_is_refused(text: str) -> None:
    found = refused(text, files={"m/main.tf": ""})

    (sentence,) = found
    assert "provider registry.terraform.io/hashicorp/" in sentence
    assert sentence.endswith("is not allowed; targets.terraform.providers would allow it.")


def test_a_local_name_is_what_required_providers_say_it_is() -> None:
    evil = 'terraform {\n required_providers {\n terraform = { source = "evil/terraform" }\n }\n}\n'

    (sentence,) = refused(evil + 'resource "terraform_data" "a" {}')
    assert sentence.startswith("main.tf line 3: provider registry.terraform.io/evil/terraform is not allowed; ")


@pytest.mark.parametrize(
    "source",
    ['join("/", ["evil", "x"])', '"${local.x}"', '"%{ if true }evil/x%{ endif }"'],
)
def test_a_source_that_is_no_plain_text_is_refused(source: str) -> None:
    text = f"terraform {{\n required_providers {{\n terraform = {{ source = {source} }}\n }}\n}}"

    assert refused(text) == ["main.tf line 3: the source of provider terraform is no plain text; write it out."]


def test_a_name_of_a_member_that_must_be_computed_hides_no_source() -> None:
    key = '"%{ if true }source%{ endif }"'

    assert "no plain text" in refused(f"terraform {{\n required_providers {{\n null = {{ ({key}) = 1 }}\n }}\n}}")[0]


def test_each_module_has_its_own_names_of_providers() -> None:
    nested = 'terraform {\n required_providers {\n terraform = { source = "evil/t" }\n }\n}'

    found = refused('module "m" { source = "./a/b" }', files={"a/b/main.tf": nested})

    assert [sentence.partition(":")[0] for sentence in found] == ["a/b/main.tf line 3"]


@pytest.mark.parametrize(
    ("pattern", "source", "is_allowed"),
    [
        ("hashicorp/aws", "hashicorp/aws", True),
        ("hashicorp/aws", "registry.terraform.io/Hashicorp/AWS", True),
        ("hashicorp/*", "hashicorp/aws", True),
        ("hashicorp/*", "example.com/hashicorp/aws", False),
        ("example.com/*/*", "example.com/a/b", True),
        ("example.com/*", "example.com/a/b", False),
        ("*", "example.com/a/b", True),
        ("hashicorp/aws", "hashicorp/awscc", False),
    ],
)
def test_providers_are_allowed_by_patterns_of_whole_addresses(pattern: str, source: str, is_allowed: bool) -> None:
    text = f'terraform {{\n required_providers {{\n x = {{ source = "{source}" }}\n }}\n}}'

    assert (refused(text, policy=PackagePolicy(providers=(pattern,))) == []) is is_allowed


@pytest.mark.parametrize(
    "text",
    [
        'resource "terraform_data" "a" {\n provisioner "local-exec" {\n command = "x"\n }\n}',
        'removed {\n from = terraform_data.a\n provisioner "local-exec" {\n when = destroy\n command = "x"\n }\n}',
        'resource "terraform_data" "a" { provisioner local-exec { command = "x" }\n}',
    ],
)
def test_provisioners_are_refused_wherever_they_stand(text: str) -> None:
    (sentence,) = refused(text)

    assert sentence.endswith("provisioner local-exec is not allowed; targets.terraform.provisioners would allow it.")
    assert refused(text, policy=PackagePolicy(provisioners=("local-*",))) == []


def test_json_is_read_as_terraform_reads_it() -> None:
    text = """{
      "//": "a comment",
      "resource": {"terraform_data": {"a": {}}},
      "resource": [{"terraform_data": {"b": [{"provisioner": [{"local-exec": {"command": "x"}}]}]}}],
      "terraform": {"required_providers": [{"null": {"source": "hashicorp/null"}}], "backend": {"http": {}}}
    }"""

    found = refused(files={"main.tf.json": text})

    assert [sentence.partition("; ")[0].partition(": ")[2] for sentence in found] == [
        "provider registry.terraform.io/hashicorp/null is not allowed",
        "provisioner local-exec is not allowed",
        "backend http is not allowed",
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        'locals {\n a = "$${ "\n}\nprovider "random" {}\nlocals {\n b = " }"\n}',
        'locals {\n a = <<EOT\nx EOT\n  EOTX\nEOT\n}\nprovider "random" {}\nlocals {\n b = <<EOT\nEOT\n}',
        'locals { a = "\\\\" }\nprovider "random" {}\nlocals { b = "\\"" }',
        '/* "/*" */ provider "random" {} // */',
        'locals {\n a = "# /* ${ "}" }"\n}\nprovider "random" {}\n',
        'locals {\n a = "%%{ "\n}\r\nprovider "random" {}\nlocals {\n b = "}"\n}',
        '\ufeffprovider "random" {}',
        "provider random {}",
        'provider "\\u0072andom" {}',
    ],
)
def test_nothing_hides_in_texts_comments_or_heredocs(hidden: str) -> None:
    assert len(refused(hidden)) == 1


@pytest.mark.parametrize("source", ["hashicorp/vpc/aws", "git::https://x/y", "/etc", "C:/x", "${local.a}"])
def test_a_module_from_elsewhere_is_refused(source: str) -> None:
    (sentence,) = refused(f'module "m" {{ source = "{source}" }}')

    assert sentence.endswith("is not allowed; targets.terraform.module_sources would allow it.")


def test_sources_of_modules_are_allowed_by_patterns() -> None:
    policy = PackagePolicy(module_sources=("git::https://example.com/*",))

    assert refused('module "m" { source = "git::https://example.com/a//b?ref=1" }', policy=policy) == []


@pytest.mark.parametrize("source", ["./missing", "../above", "./a/../../x"])
def test_a_local_module_that_is_not_in_the_package_is_a_fault(source: str) -> None:
    assert refused(f'module "m" {{ source = "{source}" }}') == [
        f"main.tf line 1: module {source} of m is not in the package."
    ]


def test_modules_may_call_each_other_and_themselves() -> None:
    again = 'module "r" { source = "../../" }'

    assert refused('module "m" { source = "./a/b" }', files={"a/b/main.tf": again}) == []


def test_a_nested_module_that_cannot_be_read_is_a_fault() -> None:
    assert refused('module "m" { source = "./m" }', files={"m/main.tf": "x = ["}) == [
        "m/main.tf line 1: an expression is missing before the end of the line."
    ]


@pytest.mark.parametrize("block", ['backend "http" {}', "cloud {}"])
def test_backends_are_refused_unless_allowed_and_never_in_a_file_that_overrides(block: str) -> None:
    text = f"terraform {{\n {block}\n}}"
    everything = PackagePolicy(backends=("*",))

    assert "targets.terraform.backends would allow it" in refused(text)[0]
    assert refused(text, policy=everything) == []
    assert "may not choose the backend" in refused("", policy=everything, files={"z_override.tf": text})[0]


def test_the_state_of_others_is_read_by_allowed_backends_only() -> None:
    text = 'data "terraform_remote_state" "a" {\n backend = "local"\n}'

    assert refused(text) == [
        "main.tf line 1: reading a state by backend local is not allowed; targets.terraform.backends would allow it."
    ]
    assert refused(text, policy=PackagePolicy(backends=("local",))) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("x.tf", "surprise {}"),
        ("x.tf", 'terraform {\n encryption {\n key_provider "external" "a" {\n command = ["sh"]\n }\n }\n}'),
        ("x.tf.json", '{"terraform": {"encryption": {"key_provider": {"external": {"a": {"command": ["sh"]}}}}}}'),
    ],
)
def test_a_block_that_is_not_known_is_refused(file: str, text: str) -> None:
    (sentence,) = refused("", {file: text})

    assert sentence.endswith("are not known here, so what they do cannot be judged.")


def test_settings_of_the_program_are_no_matter() -> None:
    assert refused('terraform {\n required_version = ">= 1.4"\n experiments = []\n}') == []


@pytest.mark.parametrize(
    "call",
    [
        'file("x/y.txt")',
        'file("./x.txt")',
        'file("a/../b")',
        'fileset(path.module, "**/*.json")',
        "file(local.here)",
        'file(true ? "a" : "b")',
        'templatefile("${path.module}/t.tftpl", {})',
    ],
)
def test_functions_may_read_what_is_in_the_package(call: str) -> None:
    text = f'locals {{\n here = "${{path.module}}/x"\n a = {call}\n}}'

    assert refused(text, files={"t.tftpl": "plain ${a}"}) == []


@pytest.mark.parametrize(
    "call",
    [
        'file("${path.module}/x-${var.a}.txt")',
        'file("x/${lower(var.a)}")',
        'fileset(path.module, "${var.a}/*.json")',
        '[for name in fileset("${path.root}/d", "*") : filebase64("${path.module}/d/${name}")]',
    ],
)
def test_a_path_that_ends_in_what_is_not_known_is_for_runs_with_a_user_of_their_own(call: str) -> None:
    text = f"locals {{\n a = {call}\n}}"

    (sentence,) = refused(text)

    assert "a part of its path is known only when it runs; targets.terraform.user" in sentence
    assert refused(text, policy=policy_of(Terraform(), has_own_user=True)) == []


@pytest.mark.parametrize(
    "call",
    [
        'file("/etc/passwd")',
        'file("~/.aws/credentials")',
        'file("../other/terraform.tfstate")',
        'file("${path.module}/../x")',
        'file("${path.module}${var.a}")',
        'file("${path.root}/a/../../x")',
        "file(var.a)",
        'file(join("", ["/etc", "/passwd"]))',
        'file(pathexpand("x"))',
        "file(local.there)",
        'file(var.a ? "a" : "/b")',
        'fileset("x", "../../*")',
        'core::file("/etc/passwd")',
        'try(filebase64("/etc/passwd"), "")',
        'templatefile("/etc/passwd", {})',
        "templatestring(var.a, {})",
        'filesha256("/proc/self/environ")',
        '<<EOT\n${file("/etc/passwd")}\nEOT',
        '{ for k in [file("/etc/passwd")] : k => k }',
        '[1][length(file("/etc/passwd"))]',
        "fileexists()",
    ],
)
def test_functions_may_not_read_what_is_elsewhere(call: str) -> None:
    text = f'locals {{\n there = "/x"\n a = {call}\n}}'

    (sentence,) = refused(text)
    assert sentence.endswith("; targets.terraform.any_files would allow it.")
    assert refused(text, policy=PackagePolicy(any_files=True)) == []


@pytest.mark.parametrize(
    "values",
    [
        {"a": '""', "path": '"${local.a}/etc/passwd"'},
        {"a": '"/etc"', "path": '"${local.a}/passwd"'},
        {"a": '"${"/"}etc"', "path": '"${local.a}/passwd"'},
        {"a": 'true ? "a" : ".."', "path": '"${local.a}/x"'},
        {"a": "local.path", "path": "local.a"},
        {"a": '"${local.path}"', "path": '"x${local.a}"', "b": "local.path"},
        {"a": "{ b = 1 }", "path": "local.a.b"},
    ],
)
def test_a_path_is_followed_through_local_values(values: dict[str, str]) -> None:
    text = "".join(f"  {name} = {value}\n" for name, value in values.items())
    where = "local.b" if "b" in values else "local.path"

    found = refused(f"locals {{\n{text}  read = file({where})\n}}", policy=PackagePolicy(open_paths=True))

    assert len(found) == (0 if "b" in values else 1)


def test_local_values_that_grow_without_end_are_not_followed() -> None:
    grows = "".join(
        f'  a{n} = var.x ? "${{local.a{n + 1}}}b" : "${{local.a{n + 1}}}c${{local.a{n + 1}}}"\n' for n in range(99)
    )

    (sentence,) = refused(f'locals {{\n{grows}  a99 = "x"\n  read = file(local.a0)\n}}')

    assert "where its path begins is known only when it runs" in sentence


def test_templates_that_read_files_count_as_configuration() -> None:
    text = 'locals { a = templatefile("${path.module}/t.txt", {}) }'

    (sentence,) = refused(text, {"t.txt": 'a${file("b")}' + "x" * 1024**2})

    assert sentence == "The package has more than 1048576 bytes of configuration and of templates that read files."


def test_a_module_may_climb_within_the_package() -> None:
    nested = 'locals { a = file("${path.module}/../../shared.txt") }'

    assert refused('module "m" { source = "./a/b" }', files={"a/b/main.tf": nested}) == []


def test_templates_are_judged_like_the_files_that_render_them() -> None:
    text = 'locals { a = templatefile("${path.module}/t.txt", {}) }'

    assert "t.txt line 2: file(…)" in refused(text, files={"t.txt": 'a\n${file("/etc/passwd")}'})[0]
    assert "cannot be read as a template" in refused(text, files={"t.txt": '${ file("a") '})[0]


def test_json_texts_are_templates() -> None:
    text = '{"locals": {"a": "${file(\\"/etc/passwd\\")}", "b": ["${fileexists(\\"/x\\")}"]}}'

    assert len(refused(files={"main.tf.json": text})) == 2


def test_a_json_text_that_cannot_be_read_is_refused() -> None:
    assert "cannot be read as a template" in refused(files={"main.tf.json": '{"locals": {"a": "${"}}'})[0]
