"""Starts mcp-proxy as its own command does, with one worker for the names of hosts: two would race."""

import asyncio
import concurrent.futures
import sys


class Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self):
        loop = super().new_event_loop()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
        return loop


asyncio.set_event_loop_policy(Policy())

from mcp_proxy.__main__ import main  # noqa: E402

sys.argv[0] = "mcp-proxy"
main()
