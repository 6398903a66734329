"""A whole template evaluated: active resources, what they read and depend on, conditions, rules, outputs."""

from collections.abc import Mapping

import pytest

from manciple.errors import TemplateError
from manciple.template.evaluate import evaluate
from manciple.template.evaluation import Evaluation, Facts, Need, Needs, Read
from manciple.template.limits import Limits
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.values import Value


def run(
    text: str, given: Mapping[str, str] | None = None, known: dict[Need, Value | None] | None = None
) -> Evaluation | Needs:
    facts = Facts(account="1" * 12, region="us-east-1", stack_name="s", stack_id="arn:s", known=known or {})
    template = load(text, Limits(resources=5000))
    parameters = resolve_parameters(template, given or {}, None, facts)
    assert isinstance(parameters, dict)
    return evaluate(template, parameters, facts)


def evaluation_of(text: str, given: Mapping[str, str] | None = None) -> Evaluation:
    found = run(text, given)
    assert isinstance(found, Evaluation)
    return found


READS = """
Parameters: {Size: {Type: String, Default: s}, Key: {Type: String, Default: k}, Env: {Type: String, Default: prod}}
Mappings: {Map: {k: {v: found}}}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  Queue: {Type: T}
  Topic: {Type: T, DependsOn: Queue}
  R:
    Type: T
    DependsOn: [Topic, Topic]
    Metadata: {Note: !Ref Size}
    Properties:
      ByRef: !Ref Size
      BySub: !Sub '${Size}-${AWS::Region}'
      ByMap: !FindInMap [Map, !Ref Key, v]
      ByIf: !If [Prod, !Ref Size, !GetAtt Topic.Arn]
      Resource: [!Ref Queue, !Sub '${Queue.Arn}', !GetAtt Queue.Arn]
      Plain: a
"""


def test_a_resource_says_what_each_property_reads() -> None:
    resource = evaluation_of(READS).resources["R"]

    assert resource.reads == (
        Read("Properties", "ByRef", "parameter", "Size"),
        Read("Properties", "BySub", "parameter", "Size"),
        Read("Properties", "ByMap", "parameter", "Key"),
        Read("Properties", "ByIf", "parameter", "Size"),
        Read("Properties", "Resource", "resource", "Queue"),
        Read("Properties", "Resource", "attribute", "Queue.Arn"),
        Read("Metadata", "", "parameter", "Size"),
    )


def test_a_resource_depends_on_what_it_reads_and_on_what_it_names() -> None:
    resources = evaluation_of(READS).resources

    assert resources["R"].depends_on == ("Topic",)
    assert resources["R"].dependencies == {"Queue", "Topic"}
    assert resources["Topic"].dependencies == {"Queue"}
    assert resources["R"].line == 8


def test_resources_keep_the_templates_order_and_their_policies() -> None:
    text = """
        Resources:
          Z: {Type: T, DeletionPolicy: Retain, UpdateReplacePolicy: Snapshot, CreationPolicy: {A: !Ref A}}
          A: {Type: U}
    """

    resources = evaluation_of(text).resources

    assert list(resources) == ["Z", "A"]
    assert (resources["Z"].deletion_policy, resources["Z"].update_replace_policy) == ("Retain", "Snapshot")
    assert (resources["A"].deletion_policy, resources["A"].update_replace_policy) == ("Delete", "Delete")
    assert resources["Z"].creation_policy == {"A": {"Ref": "A"}}


SWITCHED = """
Parameters: {Env: {Type: String}}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Both: !And [!Condition Prod, !Or [!Equals [a, b], !Condition Prod]]
Resources:
  Always: {Type: T, DependsOn: Sometimes}
  Sometimes: {Type: T, Condition: Both}
Outputs:
  Name: {Value: !Ref Always, Description: the name, Export: {Name: !Sub '${Env}-name'}}
  Other: {Value: !GetAtt Sometimes.Arn, Condition: Prod}
"""


def test_conditions_switch_resources_and_outputs() -> None:
    on = evaluation_of(SWITCHED, {"Env": "prod"})
    off = evaluation_of(SWITCHED, {"Env": "test"})

    assert (list(on.resources), list(on.outputs)) == (["Always", "Sometimes"], ["Name", "Other"])
    assert (list(off.resources), list(off.outputs)) == (["Always"], ["Name"])


def test_a_depends_on_of_a_resource_switched_off_is_dropped() -> None:
    always = evaluation_of(SWITCHED, {"Env": "test"}).resources["Always"]

    assert (always.depends_on, always.dependencies) == ((), frozenset())


def test_an_output_keeps_its_description_and_its_export() -> None:
    output = evaluation_of(SWITCHED, {"Env": "prod"}).outputs["Name"]

    assert (output.value, output.description, output.export) == ({"Ref": "Always"}, "the name", "prod-name")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Resources: {A: {Type: T, Condition: No}, B: {Type: T, Properties: {P: !Ref A}}}",
            "Template format error: Unresolved resource dependencies [A] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, Condition: No}, B: {Type: T}}\nOutputs: {O: {Value: !Ref A}}",
            "Unresolved resource dependencies [A] in the Outputs block of the template",
        ),
    ],
)
def test_a_reference_to_a_resource_switched_off_is_refused(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        run("Conditions: {No: !Equals [a, b]}\n" + text)

    assert refused.value.message == message


def test_the_branch_that_is_not_chosen_may_name_a_resource_switched_off() -> None:
    text = """
        Conditions: {No: !Equals [a, b]}
        Resources:
          A: {Type: T, Condition: No}
          B: {Type: T, Properties: {P: !If [No, !Ref A, none]}}
    """

    resource = evaluation_of(text).resources["B"]

    assert (resource.properties, resource.dependencies) == ({"P": "none"}, frozenset())


@pytest.mark.parametrize(
    ("resources", "circle"),
    [
        ("A: {Type: T, DependsOn: A}", "A"),
        ("A: {Type: T, DependsOn: B}, B: {Type: T, Properties: {P: !Ref A}}", "A, B"),
        (
            (
                "Free: {Type: T}, A: {Type: T, DependsOn: [B, Free]}, B: {Type: T, DependsOn: C}, "
                "C: {Type: T, Properties: {P: !Sub '${A}'}}, After: {Type: T, DependsOn: A}"
            ),
            "A, B, C",
        ),
    ],
)
def test_a_circle_names_its_members(resources: str, circle: str) -> None:
    with pytest.raises(TemplateError) as refused:
        run(f"Resources: {{{resources}}}")

    assert refused.value.message == f"Circular dependency between resources: [{circle}]"


def test_conditions_that_stand_on_each_other_are_refused() -> None:
    text = "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources: {R: {Type: T}}"

    with pytest.raises(TemplateError) as refused:
        run(text)

    assert refused.value.message.startswith("Template error: Found circular condition dependency: ")


def test_missing_exports_are_asked_for_together() -> None:
    text = "Resources: {R: {Type: T, Properties: {A: !ImportValue a, B: !ImportValue b}}}"

    asked = run(text)
    answered = run(text, known={Need("export", "a"): "x", Need("export", "b"): None})

    assert asked == Needs(frozenset({Need("export", "a"), Need("export", "b")}))
    assert isinstance(answered, Evaluation)
    assert answered.facts_used == {Need("export", "a"), Need("export", "b")}


def test_a_chain_of_three_thousand_resources_or_conditions_does_not_recurse() -> None:
    links = "".join(f"  R{i}: {{Type: T, Properties: {{P: !Ref R{i + 1}}}}}\n" for i in range(3000))
    tests = "".join(f"  C{i}: !Not [!Condition C{i + 1}]\n" for i in range(3000))

    found = evaluation_of(f"Resources:\n{links}  R3000: {{Type: T}}\nConditions:\n{tests}  C3000: !Equals [a, a]\n")

    assert len(found.resources) == 3001


RULES = """
Parameters:
  Env: {Type: String}
  Size: {Type: String}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>', Default: 'subnet-1,subnet-2'}
Rules:
  ProdIsLarge:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions:
      - Assert: !Contains [[large, huge], !Ref Size]
        AssertDescription: production wants a large one
  SubnetsAreKnown:
    Assertions:
      - Assert: !EachMemberIn [!Ref Subnets, !RefAll 'AWS::EC2::Subnet::Id']
      - Assert: !EachMemberEquals [!ValueOf [Subnets, VpcId], vpc-1]
Resources: {R: {Type: T}}
"""


def test_a_rule_that_does_not_hold_is_refused_with_its_description() -> None:
    with pytest.raises(TemplateError) as refused:
        run(RULES, {"Env": "prod", "Size": "small"})

    assert (refused.value.message, refused.value.path) == ("production wants a large one", "Rules/ProdIsLarge")


@pytest.mark.parametrize("given", [{"Env": "prod", "Size": "huge"}, {"Env": "test", "Size": "small"}])
def test_a_rule_that_holds_or_whose_condition_does_not_is_passed(given: dict[str, str]) -> None:
    found = run(RULES, given)

    assert isinstance(found, Evaluation)


def test_attributes_of_what_lies_outside_count_as_right_unless_known_to_be_wrong() -> None:
    known: dict[Need, Value | None] = {
        Need("attribute", "subnet-1.VpcId"): "vpc-1",
        Need("attribute", "subnet-2.VpcId"): "vpc-2",
    }

    with pytest.raises(TemplateError) as refused:
        run(RULES, {"Env": "test", "Size": "small"}, known)

    assert refused.value.path == "Rules/SubnetsAreKnown"


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("Transform: AWS::Serverless-2016-10-31", "AWS::Serverless-2016-10-31", "Transform"),
        ("Transform: [AWS::LanguageExtensions]", "AWS::LanguageExtensions", "Transform"),
        (
            "Mappings: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}}",
            "AWS::Include",
            "Mappings/Fn::Transform",
        ),
    ],
)
def test_a_transform_that_is_not_there_is_refused_by_name_path_and_line(text: str, name: str, path: str) -> None:
    with pytest.raises(TemplateError) as refused:
        run(text + "\nResources: {R: {Type: T}}")

    assert name in refused.value.message
    assert (refused.value.path, refused.value.line) == (path, 1)


def test_a_function_in_place_of_all_properties_is_refused() -> None:
    text = "{Conditions: {C: !Equals [a, a]}, Resources: {R: {Type: T, Properties: {Fn::If: [C, {A: a}, {A: b}]}}}}"

    with pytest.raises(TemplateError) as refused:
        run(text)

    assert refused.value.message == "Encountered unsupported property Fn::If"
    assert refused.value.path == "Resources/R/Properties/Fn::If"


EXPORTING = """
Parameters: {{Env: {{Type: String, Default: test}}}}
Conditions: {{Never: !Equals [a, b]}}
Resources: {{R: {{Type: T}}}}
Outputs:
  A: {{Value: a, Export: {{Name: !Sub '${{Env}}-a'}}}}
  B: {{Value: b, {more}}}
"""


def test_two_outputs_cannot_export_one_name() -> None:
    with pytest.raises(TemplateError) as refused:
        run(EXPORTING.format(more="Export: {Name: test-a}"))

    assert refused.value.message == (
        "Template format error: The Outputs section contains duplicate Export names: [test-a]. "
        "Specify a unique name for each export."
    )
    assert (refused.value.path, refused.value.line) == ("Outputs", 5)


def test_an_output_that_is_switched_off_exports_nothing() -> None:
    assert evaluation_of(EXPORTING.format(more="Condition: Never, Export: {Name: test-a}")).outputs.keys() == {"A"}


@pytest.mark.parametrize("name", ["!Ref R", "!GetAtt R.Name", "!Sub '${R}-x'", "!Join ['', [x, !Ref R]]"])
def test_an_exports_name_does_not_depend_on_resources(name: str) -> None:
    with pytest.raises(TemplateError) as refused:
        run(EXPORTING.format(more=f"Export: {{Name: {name}}}"))

    assert refused.value.message == (
        "Template format error: Output B is malformed.  The Name field of Export must not depend on any resources, "
        "imported values, or Fn::GetAZs."
    )
    assert refused.value.path == "Outputs/B/Export/Name"
