"""Drives FastMCP's client: see ../README.md for the protocol. It sets nothing that the SDK has a default for, and
repeats nothing: what the SDK does is what is tested."""

import drive
import mcp_types as types
from drive import say, text_of, words
from fastmcp import Client


async def on_message(message):
    if not isinstance(message, Exception):
        say({"notification": message.method})
    else:
        say({"log": words(message)})


class Driver(drive.Driver):
    lacks = ("resources/subscribe",)

    def opened(self, url):
        return Client(url, message_handler=on_message)

    async def list_tools(self):
        return [tool.name for tool in await self.client().list_tools()]

    async def call_tool(self, name, arguments):
        return text_of(await self.client().call_tool(name, arguments))

    async def request(self, method, params):
        client = self.client()
        if method == "resources/read":
            result = await client.read_resource_mcp(params["uri"], meta=params.get("_meta"))
        elif method == "prompts/get":
            result = await client.get_prompt_mcp(params["name"], params.get("arguments"))
        else:
            reference = types.PromptReference(**params["ref"])
            result = await client.complete_mcp(reference, params["argument"])
        return result.model_dump_json()
