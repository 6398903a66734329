"""`manciple terminate`: end a provisioned product and show how it goes."""

import re
from typing import Annotated

import typer

from manciple.cli.connection import Endpoint, connect
from manciple.cli.execute import follow_to_the_end
from manciple.cli.terminal import open_terminal


def terminate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The provisioned product's name or id.")],
    endpoint: Endpoint = None,
) -> int:
    """Terminate a provisioned product: delete all that it launched. Exit status: 0 SUCCEEDED, 1 FAILED or refused.

    There is no plan of it and no way back. Interrupting stops the watching only.
    """
    connection = connect(endpoint)
    member = "ProvisionedProductId" if re.fullmatch("pp-[a-z0-9]{13}", name) else "ProvisionedProductName"
    answer = connection.service_catalog.terminate_provisioned_product(**{member: name})
    return follow_to_the_end(connection, open_terminal(), answer["RecordDetail"]["RecordId"], f"Terminating {name}")
