"""Drives the MCP client of Pydantic AI: see ../README.md for the protocol. It sets nothing that the SDK has a default for, and
repeats nothing: what the SDK does is what is tested."""

import drive
from pydantic_ai.mcp import MCPToolset


class Driver(drive.Driver):
    lacks = ("completion/complete", "resources/subscribe")

    def opened(self, url):
        return MCPToolset(url)

    async def list_tools(self):
        return [tool.name for tool in await self.client().list_tools()]

    async def call_tool(self, name, arguments):
        return str(await self.client().direct_call_tool(name, arguments))

    async def request(self, method, params):
        client = self.client()
        if method == "resources/read":
            return str(await client.read_resource(params["uri"]))
        return str(await client.get_prompt(params["name"], params.get("arguments")))
