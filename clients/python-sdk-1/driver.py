"""Drives the client of mcp 1.x: see ../README.md for the protocol. It sets nothing that the SDK has a default for, and
repeats nothing: what the SDK does is what is tested."""

import contextlib

import drive
from drive import say, text_of, words
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client


async def on_message(message):
    if isinstance(message, types.ServerNotification):
        say({"notification": message.root.method})
    elif isinstance(message, Exception):
        say({"log": words(message)})


def texts(result):
    if result.isError:
        raise RuntimeError(text_of(result))
    return text_of(result)


class Driver(drive.Driver):
    @contextlib.asynccontextmanager
    async def opened(self, url):
        async with streamable_http_client(url) as (read, write, _):
            async with ClientSession(read, write, message_handler=on_message) as session:
                await session.initialize()
                yield session

    async def list_tools(self):
        names, cursor = [], None
        while True:
            params = types.PaginatedRequestParams(cursor=cursor) if cursor else None
            page = await self.client().list_tools(params=params)
            names += [tool.name for tool in page.tools]
            cursor = page.nextCursor
            if not cursor:
                return names

    async def call_tool(self, name, arguments):
        return texts(await self.client().call_tool(name, arguments))

    async def request(self, method, params):
        client = self.client()
        if method == "resources/read":
            # The short way has no place for what stands under `_meta`.
            wanted = types.ReadResourceRequest(params=types.ReadResourceRequestParams(**params))
            result = await client.send_request(types.ClientRequest(wanted), types.ReadResourceResult)
        elif method == "prompts/get":
            result = await client.get_prompt(params["name"], params.get("arguments"))
        elif method == "resources/subscribe":
            wanted = types.SubscribeRequest(params=types.SubscribeRequestParams(**params))
            result = await client.send_request(types.ClientRequest(wanted), types.EmptyResult)
        elif method != "completion/complete":
            raise RuntimeError(f"this client has no {method}")
        else:
            reference = types.PromptReference(**params["ref"])
            result = await client.complete(reference, params["argument"])
        return result.model_dump_json()
