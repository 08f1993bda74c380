"""Drives the MCP client of the OpenAI Agents SDK: see ../README.md for the protocol. It sets nothing that the SDK has a default for, and
repeats nothing: what the SDK does is what is tested."""

import drive
from agents.mcp import MCPServerStreamableHttp
from drive import text_of


def texts(result):
    if getattr(result, "is_error", None) or getattr(result, "isError", None):
        raise RuntimeError(text_of(result))
    return text_of(result)


class Driver(drive.Driver):
    lacks = ("completion/complete", "resources/subscribe")

    def opened(self, url):
        return MCPServerStreamableHttp({"url": url})

    async def list_tools(self):
        return [tool.name for tool in await self.client().list_tools()]

    async def call_tool(self, name, arguments):
        return texts(await self.client().call_tool(name, arguments))

    async def request(self, method, params):
        client = self.client()
        if method == "resources/read":
            result = await client.read_resource(params["uri"])
        else:
            result = await client.get_prompt(params["name"], params.get("arguments"))
        return result.model_dump_json()
