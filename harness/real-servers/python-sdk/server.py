"""A server of the Python SDK, of its 1.x or its 2.x line, that sets nothing there is a default for. Usage: server.py PORT"""

import asyncio
import sys

PORT = int(sys.argv[1])


async def slow() -> str:
    """Takes a second."""
    await asyncio.sleep(1)
    return "done"


try:
    from mcp.server.mcpserver import MCPServer
except ImportError:
    from mcp.server.fastmcp import FastMCP

    server = FastMCP("memory-server", host="127.0.0.1", port=PORT)
    server.tool()(slow)
    server.run(transport="streamable-http")
else:
    server = MCPServer("memory-server")
    server.tool()(slow)
    server.run(transport="streamable-http", host="127.0.0.1", port=PORT)
