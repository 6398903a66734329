"""Laws of evaluation, over random values."""

import json

from hypothesis import given
from hypothesis import strategies as st

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.evaluate import evaluate, resolve
from manciple.template.evaluation import Evaluation, Facts
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.values import Bound, Value

FACTS = Facts(account="1" * 12, region="us-east-1", stack_name="stack", stack_id="arn:stack")
PARAMETERS = {"Text": "a${Text}$", "Brace": "{Queue}", "Plain": "p-q"}
BOUND = {"Queue": Bound("queue-${Text}", {"Arn": "arn:$"}), "Topic": Bound("topic", {"Arn": "arn:${!x}"})}

literals = st.text(st.sampled_from("ab- {}!"), max_size=6)
known = st.sampled_from([{"Ref": name} for name in (*PARAMETERS, "AWS::Region")])
unknown = st.sampled_from(
    [{"Ref": "Queue"}, {"Ref": "Topic"}, {"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::GetAtt": ["Topic", "Arn"]}]
)
pieces = st.sampled_from(["${Text}", "${Brace}", "${Queue}", "${Topic.Arn}", "${!Text}", "$ ", "{", "}", "x"])
substitutions = st.lists(pieces, max_size=6).map(lambda parts: {"Fn::Sub": "".join(parts)})


def functions(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    """Functions that give text, of arguments that do."""
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"Fn::Join": ["-", items]}),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"Fn::Select": ["0", items]}),
        inner.map(lambda text: {"Fn::Select": ["0", {"Fn::Split": ["-", text]}]}),
        inner.map(lambda text: {"Fn::Base64": text}),
        inner.map(lambda text: {"Fn::Sub": ["<${v}|${Queue}>", {"v": text}]}),
        inner.map(lambda text: {"Fn::If": ["Yes", text, "no"]}),
    )


texts = st.recursive(st.one_of(literals, known, unknown, substitutions), functions, max_leaves=12)


def evaluation_of(value: Value, resources: list[str], given: dict[str, str]) -> Evaluation:
    template = load(
        json.dumps(
            {
                "Parameters": {name: {"Type": "String"} for name in given},
                "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}},
                "Resources": {
                    **{name: {"Type": "T"} for name in resources},
                    "R": {"Type": "T", "Properties": {"P": value}},
                },
            }
        )
    )
    parameters = resolve_parameters(template, given, None, FACTS)
    assert isinstance(parameters, dict)
    evaluation = evaluate(template, parameters, FACTS)
    assert isinstance(evaluation, Evaluation)
    return evaluation


def renamed(value: Value) -> Value:
    """`value` with references to resources made references to parameters of the same values."""
    text = json.dumps(value)
    for name in ("Queue", "Topic"):
        text = text.replace(json.dumps({"Fn::GetAtt": [name, "Arn"]}), json.dumps({"Ref": f"{name}Arn"}))
        text = text.replace(f"${{{name}.Arn}}", f"${{{name}Arn}}")
    result: Value = json.loads(text)
    return result


@given(texts)
def test_evaluating_in_two_steps_is_evaluating_in_one(value: Value) -> None:
    all_known = {
        **PARAMETERS,
        **{name: str(bound.reference) for name, bound in BOUND.items()},
        **{f"{name}Arn": str(bound.attributes["Arn"]) for name, bound in BOUND.items()},
    }

    half = evaluation_of(value, list(BOUND), PARAMETERS).resources["R"].properties["P"]
    whole = evaluation_of(renamed(value), [], all_known).resources["R"].properties["P"]

    assert resolve(half, BOUND, FACTS) == whole


@given(texts)
def test_a_resource_depends_on_exactly_what_finishing_it_asks_for(value: Value) -> None:
    resource = evaluation_of(value, list(BOUND), PARAMETERS).resources["R"]

    bindings = {name: BOUND[name] for name in resource.dependencies}

    assert isinstance(resolve(resource.properties["P"], bindings, FACTS), str)


@given(texts)
def test_evaluating_twice_gives_the_same(value: Value) -> None:
    first = evaluation_of(value, list(BOUND), PARAMETERS)
    second = evaluation_of(value, list(BOUND), PARAMETERS)

    assert first == second


@given(st.text(max_size=200) | texts.map(json.dumps) | texts.map(lambda value: "A: !Sub " + json.dumps(value)))
def test_any_text_is_a_template_or_a_fault_of_a_template(text: str) -> None:
    outcome: Template | TemplateError
    try:
        outcome = load(text)
    except TemplateError as error:
        outcome = error

    assert isinstance(outcome, Template) or outcome.message
