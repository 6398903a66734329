"""Our reading of HCL beside Terraform's own: the same defaults, the same texts refused. Needs a binary on PATH."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from manciple.engine.terraform.hcl import HclError, read_native
from manciple.engine.terraform.variables import default_text

PROGRAM = shutil.which("tofu") or shutil.which("terraform")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="neither tofu nor terraform is on PATH")

DEFAULTS = [
    r'"a\nb\t\"q\" \\ \u00e9 \U0001F600"',
    "1.0",
    "1.50",
    "-1",
    "1e3",
    "0.000001",
    "123456789012345678901234567890",
    "-10 % 3",
    "2 + 3 * 4 - 1",
    "(2 + 3) * 4",
    "true && !false || false",
    "1 == 1.0",
    '"a" == 1',
    'true ? "x" : "y"',
    "5 > 3 == true",
    '[1, "a", true, null]',
    '{a = 1, "b c" = [2], (true) = 3, null = 4}',
    "{\n a = 1 # c\n // d\n b : 2,\n /* e */ c = {\n d = []\n }\n}",
    '"a${1 + 1}b${true}"',
    '"$${x} %%{y} $$ % $"',
    '"$$${x}"',
    "<<EOT\nline1\n  line2 $${x}\nEOT\n",
    "<<-EOT\n    line1\n      line2\n\n    line3\n    EOT\n",
    "<<-EOT\n\t\ta\n\t  b\n  EOT\n",
    "<<EOT\nEOT\n",
    '<<-A-B\n  x${1}y\n    ${"q"}\n  A-B\n',
    '<<EOT\n\\n "quoted" \\ EOT\n EOT2\nEOT\n',
    '"<b>&"',
    '"a ${~ "b" ~} c"',
    '"é日本"',
    "/* c */ 3 /* d */ // e",
    "(\n1\n+\n2\n)",
    "{ a = 1, a = 2 }",
]

TEXTS = [
    'a = "$${ "',
    'a = "${"}"}"',
    'a = "${ x # } "\n}"',
    "a = 1 b = 2",
    'a = "x\ny"',
    "a = <<EOT\nx\n EOT \n",
    "a = <<EOT \nx\nEOT\n",
    "a = [1,, 2]",
    "a = {b = 1 c = 2}",
    "a = { for = 1 }",
    'b "${x}" {}',
    "b { c = 1 }",
    "/* /* */ */",
    "a = x.0.y[*].z",
    "a = { for : 1 }",
    "a = -x ? y : z",
    "a = !!x",
    "überschrift = 1",
    "a = 1\r\nb = 2\r\n",
    'a = "\\q"',
    "a = f(x...)",
    "a = f(x..., y)",
    'a = "%{ if x }%{ endif }"',
    'a = "%{ while x }"',
    "a = provider::x::f()",
    "a = <<-E\n%{ for k, v in x ~}\n${k}\n%{ endfor }\nE\n",
    "}",
    "a {",
]


def run(directory: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    assert PROGRAM is not None
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    hermetic = {"HOME": str(directory), "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    command = [PROGRAM, *arguments]
    return subprocess.run(
        command, cwd=directory, input=given, capture_output=True, text=True, check=False, env=kept | hermetic
    )


def test_defaults_are_what_terraform_makes_of_them(tmp_path: Path) -> None:
    blocks = [f'variable "v{number}" {{\n  default = {text}\n}}\n' for number, text in enumerate(DEFAULTS)]
    outputs = [f'output "v{number}" {{\n  value = jsonencode(var.v{number})\n}}\n' for number in range(len(DEFAULTS))]
    (tmp_path / "main.tf").write_text("".join(blocks + outputs))
    planned = run(tmp_path, "plan", "-input=false", "-out=plan")
    assert planned.returncode == 0, planned.stderr
    shown: dict[str, Any] = json.loads(run(tmp_path, "show", "-json", "plan").stdout)["planned_values"]["outputs"]

    ours = read_native("".join(blocks).encode(), "main.tf")

    told = {block.labels[0]: default_text(block.body.attributes["default"]) for block in ours.blocks}
    assert told == {name: output["value"] for name, output in shown.items()}


@pytest.mark.parametrize("text", TEXTS)
def test_what_terraform_takes_for_hcl_is_hcl(tmp_path: Path, text: str) -> None:
    is_hcl = run(tmp_path, "fmt", "-", given=text).returncode == 0

    try:
        read_native(text.encode(), "main.tf")
        is_ours = True
    except HclError:
        is_ours = False

    assert is_ours == is_hcl
