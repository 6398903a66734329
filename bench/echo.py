"""The floor: a Starlette application that reads the request's body as JSON and answers with it."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def echo(request: Request) -> JSONResponse:
    """Answer what was sent."""
    return JSONResponse(await request.json())


app = Starlette(routes=[Route("/", echo, methods=["POST"])])
