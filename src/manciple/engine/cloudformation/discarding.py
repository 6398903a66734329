"""The end of a deleted plan at a CloudFormation endpoint: its change set goes, and the stack that it alone had."""

from manciple.engine.cloudformation.conversation import Conversation
from manciple.engine.launch import Launch
from manciple.store.rows import PROVISIONED_PRODUCTS


def discard(talk: Conversation, launch: Launch, *, with_stack: bool = False) -> None:
    """Delete what a plan left. Looked up first, so it does no harm to come twice. Raises Refused, Away.

    A stack that was only in review goes with it if no product is left to need it, or with_stack.
    """
    name, change_set = launch.stack_name, talk.handle.change_set
    if talk.endpoint.find_change_set(name, change_set) is not None:
        talk.intend()
        talk.endpoint.call("delete_change_set", StackName=name, ChangeSetName=change_set)
    stack = talk.endpoint.find_stack(name)
    is_empty = stack is not None and stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    if stack is not None and is_empty and (with_stack or not _has_product(talk, launch)):
        talk.intend()
        token = talk.slice.work.operation.id
        talk.endpoint.call("delete_stack", StackName=stack["StackId"], ClientRequestToken=token)


def _has_product(talk: Conversation, launch: Launch) -> bool:
    """Is there still a product that the empty stack is for?"""
    with talk.slice.parts.database.read() as tx:
        key = (launch.account, launch.region, launch.provisioned_product_id)
        return PROVISIONED_PRODUCTS.get(tx, *key) is not None
