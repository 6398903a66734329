"""HCL, the language of Terraform's files, read as Terraform reads it: native syntax and its JSON form."""

from manciple.engine.terraform.hcl.bodies import read_native
from manciple.engine.terraform.hcl.json_form import read_json
from manciple.engine.terraform.hcl.syntax import HclError

__all__ = ["HclError", "read_json", "read_native"]
