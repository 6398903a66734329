"""What a package's variables, outputs and modules are read as."""

from typing import Any

import pytest

from manciple.engine.terraform.configuration import ConfigurationError, read_configuration
from manciple.engine.terraform.package import PackageLimits
from manciple.engine.terraform.variables import Output, Variable
from tests.packages import configuration, package


def variable(body: str) -> Variable:
    (found,) = configuration(f'variable "a" {{\n{body}\n}}').root.variables
    return found


def members(found: Variable, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(found, name) for name in names)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("string", "string"),
        ('"string"', "string"),
        ("any", "any"),
        ("list(string)", "list(string)"),
        ('"list"', "list"),
        ('object({\n    a = optional(string, "x") # why\n    b = number\n  })', None),
        ("tuple([string,string,bool])", "tuple([string,string,bool])"),
        ("map( any )", "map( any )"),
    ],
)
def test_a_type_is_its_text_or_what_is_in_its_quotation_marks(written: str, told: str | None) -> None:
    assert variable(f"  type = {written} // c").type == (told or written)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('"hello world"', '"hello world"'),
        ("100", "100"),
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("true", "true"),
        ("null", None),
        ('["hello", "world"]', '["hello","world"]'),
        ('{ b = 1, a = "<x>" }', '{"a":"\\u003cx\\u003e","b":1}'),
        ('{\n create_rg = true\n name = "n"\n}', '{"create_rg":true,"name":"n"}'),
        ("<<EOT\na\nEOT\n", '"a\\n"'),
        ("60 * 60", "3600"),
        ("[for x in [1] : x]", None),
    ],
)
def test_a_default_is_json_as_awss_parser_writes_it(written: str, told: str | None) -> None:
    found = variable(f"default = {written}")

    assert members(found, "required", "default") == (False, told)


def test_a_variable_without_anything_is_required() -> None:
    assert variable("") == Variable(name="a", place="main.tf line 1")


def test_everything_that_a_variable_says_is_read() -> None:
    found = variable(
        """
        description = "What\\nit is"
        sensitive = true
        nullable = false
        ephemeral = true
        validation {
          condition     = length(var.a) > 1 ? true : can(regex("^[a-z]{2,}$", var.a))
          error_message = "Too short."
        }
        validation {
          condition     = true
          error_message = "No ${var.a}."
        }
        """
    )

    assert members(found, "description", "sensitive", "nullable", "ephemeral") == ("What\nit is", True, False, True)
    assert found.validations == ("Too short.", '"No ${var.a}."')


@pytest.mark.parametrize(("written", "is_on"), [("true", True), ('"true"', True), ("false", False), ("1 == 1", True)])
def test_a_switch_that_is_not_plainly_off_is_on(written: str, is_on: bool) -> None:
    assert variable(f"sensitive = {written}").sensitive is is_on


def test_variables_keep_the_order_of_files_by_name_and_of_places_in_them() -> None:
    files = {
        "b.tf": 'variable "z" {}\nvariable "b" {}',
        "a.tf": 'variable "y" {}',
        "c.tf.json": '{"variable":{"x":{}}}',
    }

    found = configuration('variable "m" {}', files).root.variables

    assert [one.name for one in found] == ["y", "z", "b", "x", "m"]


def test_files_that_override_are_merged_as_terraform_merges_them() -> None:
    main = 'variable "a" {\n type = string\n default = "1"\n sensitive = true\n description = "first"\n}\noutput "o" {}'
    files = {
        "override.tf": 'variable "a" {\n default = "2"\n}\noutput "o" {\n description = "second"\n}',
        "z_override.tf.json": '{"variable": {"a": {"description": "third"}, "b": {"default": "${x}"}}}',
    }

    root = configuration(main, files).root

    first, second = root.variables
    assert members(first, "type", "default", "sensitive", "description") == ("string", '"2"', True, "third")
    assert members(second, "name", "default") == ("b", '"${x}"')
    assert root.outputs == (Output(name="o", description="second", place="main.tf line 7"),)


def test_files_that_terraform_ignores_are_ignored() -> None:
    files = {".x.tf": "nonsense {", "x.tf~": "nonsense {", "#x.tf": "", "a/b.tf": "nonsense {", "x.tftest.hcl": "{"}

    assert configuration('variable "a" {}', files).root.variables == (Variable(name="a", place="main.tf line 1"),)


def test_the_json_form_says_the_same() -> None:
    text = """{"variable": {"a": {"type": "list(string)", "default": ["${x}"], "sensitive": true},
               "b": [{"default": 1.0}]}, "output": {"o": {"value": "${var.a}", "sensitive": true}}}"""

    root = configuration("", {"x.tf.json": text}).root

    first, second = root.variables
    assert members(first, "type", "default", "sensitive") == ("list(string)", '["${x}"]', True)
    assert second.default == "1"
    assert root.outputs[0].sensitive


def test_modules_in_the_package_are_read_the_root_first() -> None:
    files = {"m/main.tf": 'module "n" { source = "../n" }', "n/main.tf": 'resource "terraform_data" "x" {}'}

    found = configuration('module "m" {\n source = "./m"\n version = "1"\n}', files)

    assert [module.path for module in found.modules] == ["", "m", "n"]
    (call,) = found.root.calls
    assert (call.name, call.source, call.version, call.path) == ("m", "./m", "1", "m")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('variable "a" {', r"main\.tf line 1: } is missing"),
        ('variable "a" {}\nvariable "a" {}', r"main\.tf line 2: variable a was declared in main\.tf line 1\."),
    ],
)
def test_a_root_module_that_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        configuration(text)


def test_there_is_a_limit_to_what_is_read_as_configuration() -> None:
    found = package({"main.tf": "# long\n" * 100, "data.bin": b"0" * 10_000})

    with pytest.raises(ConfigurationError, match=r"more than 500 bytes of configuration"):
        read_configuration(found, PackageLimits(configuration_bytes=500))
