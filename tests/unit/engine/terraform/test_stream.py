"""Errors of the program in one sentence, with the layer that said it."""

from typing import Any

from manciple.engine.terraform.stream import said


def diagnostic(filename: str, **members: Any) -> dict[str, Any]:
    place = {"filename": filename, "start": {"line": 1, "column": 23}}
    return {"severity": "error", "summary": "Invalid value", "detail": "Too long.", "range": place, **members}


def test_an_error_in_the_package_is_told_with_its_place() -> None:
    found = said(diagnostic("main.tf", snippet={"context": 'resource "terraform_data" "a"'}))

    assert found == "Terraform said of terraform_data.a (main.tf line 1): Invalid value: Too long."


def test_an_error_in_a_parameter_is_told_by_its_name_and_not_by_a_file_of_the_server() -> None:
    values = [{"traversal": "var.prefix", "statement": 'is "UPPER"'}]

    found = said(diagnostic("/data/runs/1/parameters.tfvars.json", snippet={"context": None, "values": values}))

    assert found == "Terraform said of var.prefix: Invalid value: Too long."


def test_an_error_in_a_parameter_that_is_not_named_tells_no_place() -> None:
    assert said(diagnostic("/data/runs/1/parameters.tfvars.json")) == "Terraform said: Invalid value: Too long."
