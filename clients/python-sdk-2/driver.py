"""Drives the client of mcp 2.x: see ../README.md for the protocol. It sets nothing that the SDK has a default for, and
repeats nothing: what the SDK does is what is tested."""

import drive
import mcp_types as types
from drive import say, text_of, words
from mcp import Client


async def on_message(message):
    if not isinstance(message, Exception):
        say({"notification": message.method})
    else:
        say({"log": words(message)})


def texts(result):
    if result.is_error:
        raise RuntimeError(text_of(result))
    return text_of(result)


class Driver(drive.Driver):
    def opened(self, url):
        return Client(url, message_handler=on_message)

    async def list_tools(self):
        names, cursor = [], None
        while True:
            page = await self.client().list_tools(cursor=cursor)
            names += [tool.name for tool in page.tools]
            cursor = page.next_cursor
            if not cursor:
                return names

    async def call_tool(self, name, arguments):
        return texts(await self.client().call_tool(name, arguments))

    async def request(self, method, params):
        client = self.client()
        if method == "resources/read":
            result = await client.read_resource(params["uri"], meta=params.get("_meta"))
        elif method == "prompts/get":
            result = await client.get_prompt(params["name"], params.get("arguments"))
        elif method == "resources/subscribe":
            result = await client.subscribe_resource(params["uri"], meta=params.get("_meta"))
        elif method != "completion/complete":
            raise RuntimeError(f"this client has no {method}")
        else:
            reference = types.PromptReference(**params["ref"])
            result = await client.complete(reference, params["argument"])
        return result.model_dump_json()
