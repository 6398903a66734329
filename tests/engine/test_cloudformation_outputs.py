"""Outputs that a CloudFormation endpoint tells in full: those made from secrets are hidden, all else is left alone."""

import pytest

from manciple.engine.cloudformation.outputs import shown_outputs
from manciple.engine.masking import Mask

TEMPLATE = """
Parameters:
  Code: {Type: String, NoEcho: true}
  Size: {Type: String, Default: small}
Resources:
  Database: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: !Ref Code}}
  Reader: {Type: AWS::RDS::DBInstance, Properties: {SourceDBInstanceIdentifier: !Ref Database}}
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Plain: {Value: !Ref Topic, Description: Where to}
  Literal: {Value: a1b}
  Given: {Value: !Ref Code}
  Hashed: {Value: !Base64 {"Fn::Sub": "x${Code}"}}
  Address: {Value: !GetAtt Database.Endpoint.Address}
  Listed: {Value: !Sub ["${It}", {It: !GetAtt Reader.Endpoint.Address}]}
  Escaped: {Value: !Sub "${!Code}"}
"""


def shown(text: str = TEMPLATE, **values: str) -> dict[str, str]:
    mask = Mask(())
    mask.add_texts(["1"])
    found = [{"OutputKey": key, "OutputValue": value} for key, value in values.items()]
    return {one["OutputKey"]: one["OutputValue"] for one in shown_outputs(found, text, mask)}


def test_a_short_secret_mangles_no_output_that_has_nothing_to_do_with_it() -> None:
    values = {"Plain": "arn:aws:sns:eu-west-1:111:topic", "Literal": "a1b", "Escaped": "${Code}1"}

    assert shown(**values) == values


def test_what_a_secret_goes_into_is_hidden_whatever_became_of_it() -> None:
    assert shown(Given="1", Hashed="eDE=") == {"Given": "****", "Hashed": "****"}


@pytest.mark.parametrize("output", ["Address", "Listed"])
def test_what_a_resource_that_knows_a_secret_tells_is_hidden_if_it_repeats_it(output: str) -> None:
    assert shown(**{output: "db1.example"}) == {output: "****"}
    assert shown(**{output: "db.example"}) == {output: "db.example"}


def test_an_output_that_the_template_does_not_tell_is_hidden_if_it_repeats_a_secret() -> None:
    assert shown(Made="by a macro 1", Other="by a macro") == {"Made": "****", "Other": "by a macro"}
    assert shown("- no template", Plain="1", Other="2") == {"Plain": "****", "Other": "2"}


def test_descriptions_stay() -> None:
    found = [{"OutputKey": "Plain", "OutputValue": "x", "Description": "Where to"}]

    assert list(shown_outputs(found, TEMPLATE, Mask(()))) == found
