"""HCL is read as Terraform reads it, whatever is written; what is no HCL is refused with its line, and quickly."""

from typing import Any

import pytest

from manciple.engine.terraform.hcl import HclError, read_json, read_native
from manciple.engine.terraform.hcl.constants import NotConstantError, constant
from manciple.engine.terraform.hcl.syntax import Body


def body(text: str) -> Body:
    return read_native(text.encode(), "main.tf")


def value(text: str) -> Any:
    return constant(body(f"a = {text}\n").attributes["a"].value)


def error(text: str) -> str:
    with pytest.raises(HclError) as caught:
        body(text)
    return str(caught.value)


def test_attributes_and_blocks_are_told_with_their_lines() -> None:
    found = body('a = 1\n\n# c\nb "x" y {\n  c = 2\n  d {}\n}\n')

    (block,) = found.blocks
    assert (found.attributes["a"].line, block.line) == (1, 4)
    assert (block.type, block.labels) == ("b", ("x", "y"))
    assert (list(block.body.attributes), [inner.type for inner in block.body.blocks]) == (["c"], ["d"])


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lines_may_end_either_way(line_end: str) -> None:
    text = "# c\na = [1, # one\n 2]\nb {\n c = 3\n}\n// end"

    found = body(text.replace("\n", line_end))

    assert (list(found.attributes), found.blocks[0].labels) == (["a"], ())


def test_a_text_is_told_as_written_without_the_comment_behind_it() -> None:
    found = body("a = object({ x = string # why\n }) /* because */ // so\n")

    assert found.attributes["a"].text == "object({ x = string # why\n })"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"a\n\t\"\\ \u00e9 \U0001F600"', 'a\n\t"\\ é 😀'),
        ('"$${x} %%{y} $$ % $"', "${x} %{y} $$ % $"),
        ('"$$${x"', "$${x"),
        ('"${1 + 1}a"', "2a"),
        ('"a ${~ "b" ~} c"', "abc"),
        ("<<EOT\nline\n  $${x}\nEOT\n", "line\n  ${x}\n"),
        ("<<-EOT\n    a\n      b\n\n    c\n    EOT\n", "a\n  b\n\nc\n"),
        ("<<-A-B\n  x${1}y\n    ${true}\n  A-B\n", "x1y\n  true\n"),
        ("<<EOT\n\\n EOT\n EOT2\nEOT\n", "\\n EOT\n EOT2\n"),
        ("<<EOT\nEOT\n", ""),
        ("2 + 3 * 4 - 10 % 4", 12),
        ("(2 + 3) * 4", 20),
        ("-(-1)", 1),
        ("!false && 1 < 2 || false", True),
        ("1 == 1.0", True),
        ('"1" == 1', False),
        ('true ? "x" : "y"', "x"),
        ('{\n a = 1 # c\n "b" : [null,],\n (true) = {}\n}', {"a": 1, "b": [None], "true": {}}),
        ("(\n1\n+\n2\n)", 3),
        ('"é日本"', "é日本"),
    ],
)
def test_constants_have_their_values(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("text", ["var.a", "f()", "[for x in [1] : x]", '"%{ if true }a%{ endif }"', "1 / 0", "-true"])
def test_what_must_be_computed_is_no_constant(text: str) -> None:
    with pytest.raises(NotConstantError):
        value(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = x.y[0].z[*].w.0",
        'a = { for k, v in x : k => v... if v != "" }',
        "a = [for v in x : v if true]",
        'a = "%{ for k, v in x ~}${k}%{ endfor ~}"',
        "a = f(x...)\nb = f(1,\n 2,\n)\nc = p::q::f()",
        "a = x == 1 ? y : z ? 1 : 2",
        "b { a = 1 }",
        'b "x" {\n}\n',
        "überschrift = 1\nप्रयोग = 2",
        "a = -x.y && !f(1)[0]",
        "a = <<EOT\n${f(\n1)}\n%{ if x }\nit\n%{ else }\n%{ endif }\nEOT\n",
        'a = "${x}${"y${z}"}"',
        "",
    ],
)
def test_all_forms_of_expressions_are_read(text: str) -> None:
    body(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = ", "main.tf line 1: an expression is missing before the end of the line."),
        ("a = 1 b = 2", "main.tf line 1: a new line is missing before 'b'."),
        ("a = 1\na = 2", "main.tf line 2: a is set twice; it was set in line 1."),
        ("\n}", "main.tf line 2: '}' closes nothing."),
        ('a = "x\n"', "main.tf line 1: a quoted text does not end on its line."),
        ('a = "\\q"', "main.tf line 1: a backslash begins no escape that there is."),
        ("a = <<EOT\nx\n", "main.tf line 3: a heredoc's end marker is missing."),
        ('b "${x}" {}', "main.tf line 1: nothing can be interpolated in a label."),
        ("a = [1", "main.tf line 1: ] is missing before the end of the line."),
        ("b {", "main.tf line 1: } is missing before the end of the line."),
        ('a = "%{ while }"', "main.tf line 1: while is no directive of templates."),
    ],
)
def test_what_is_no_hcl_is_refused_with_its_line(text: str, said: str) -> None:
    assert error(text) == said


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(HclError, match=r"main\.tf is not UTF-8 text\."):
        read_native(b"a = \xff", "main.tf")


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "(" * 100_000,
        "a = " + "-" * 100_000 + "1",
        "a = " + '"${' * 100_000,
        "a = " + "x ? " * 100_000,
        "a {" * 100_000,
        "a = " + "x[" * 100_000,
        "a = " + "{ a = " * 100_000,
    ],
)
def test_what_is_nested_without_end_is_refused(text: str) -> None:
    assert error(text).endswith("this is nested deeper than 100 levels.")


@pytest.mark.parametrize(
    "text",
    [
        "a = x" + ".y" * 50_000,
        "a = 1" + " + 1" * 50_000,
        "a = 1 " + "/* /* " * 50_000 + "*/",
        "a = 1 " + "/* " * 50_000,
        'a = "' + "$" * 50_000 + '"',
        "a = " + "1" * 100_000,
        "a" * 100_000,
        "# c\n" * 50_000,
        "a = <<EOT\n" + " EOT x\n" * 50_000,
    ],
)
def test_long_text_is_read_in_one_go(text: str) -> None:
    try:
        found = body(text)
    except HclError:
        return
    for attribute in found.attributes.values():
        assert attribute.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "main.tf.json is not JSON"),
        ("1", "main.tf.json: the file must be an object, or a list of objects."),
        ('{"variable": 1}', "main.tf.json: variable must be an object, or a list of objects."),
        ('{"a": NaN}', "main.tf.json is not JSON: NaN is no number."),
        ('{"a": 1, "a": 2}', "main.tf.json: a is set twice."),
        ('{"a":' * 100_000, "main.tf.json: this is nested deeper than 100 levels."),
        ('{"locals": {"a": ' + "[" * 200 + "]" * 200 + "}}", "main.tf.json: this is nested deeper than 100 levels."),
    ],
)
def test_json_that_is_no_configuration_is_refused(text: str, said: str) -> None:
    with pytest.raises(HclError) as caught:
        read_json(text.encode(), "main.tf.json")
    assert str(caught.value).startswith(said)


def test_half_a_pair_of_surrogates_is_replaced_as_in_go() -> None:
    found = read_json(b'{"locals": {"\\ud800": ["\\udc00", "\\ud83d\\ude00"]}}', "main.tf.json")

    (attribute,) = found.blocks[0].body.attributes.items()
    assert (attribute[0], constant(attribute[1].value)) == ("\ufffd", ["\ufffd", "😀"])
    assert value(r'"\ud800"') == "\ufffd"


def test_numbers_of_thousands_of_digits_are_texts_in_json_too() -> None:
    read_json(b'{"locals": {"a": ' + b"1" * 10_000 + b"}}", "main.tf.json")
