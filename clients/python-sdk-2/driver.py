"""Drives the client of mcp 2.x: see ../README.md for the protocol. It sets nothing that the SDK has a default for, and
repeats nothing: what the SDK does is what is tested."""

import asyncio
import concurrent.futures
import json
import sys

import mcp_types as types
from mcp import Client


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def words(error):
    """An error in the SDK's own words; of a group, those of what is in it."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(words(e) for e in error.exceptions)
    return str(error) or type(error).__name__


async def on_message(message):
    if not isinstance(message, Exception):
        say({"notification": message.method})
    else:
        say({"log": words(message)})


def texts(result):
    text = "\n".join(getattr(block, "text", "") for block in result.content)
    if result.is_error:
        raise RuntimeError(text)
    return text


class Driver:
    owner = None  # the task in which the client lives: its cancel scopes must stay there
    session = None

    async def own(self, url, ready, end):
        try:
            async with Client(url, message_handler=on_message) as session:
                self.session = session
                ready.set_result(True)
                await end.wait()
        except BaseException as error:
            if not ready.done():
                ready.set_exception(RuntimeError(words(error)))
            else:
                raise
        finally:
            self.session = None

    async def connect(self, url):
        await self.abandon()
        ready, self.end = asyncio.get_running_loop().create_future(), asyncio.Event()
        self.owner = asyncio.create_task(self.own(url, ready, self.end))
        return await ready

    async def abandon(self):
        """One that never came up is given up."""
        if self.owner and not self.owner.done() and self.session is None:
            self.owner.cancel()
            await asyncio.wait([self.owner])

    def client(self):
        if self.session is None:
            if self.owner and self.owner.done() and not self.owner.cancelled() and self.owner.exception():
                raise RuntimeError(f"the client has ended: {words(self.owner.exception())}")
            raise RuntimeError("not connected")
        return self.session

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

    async def disconnect(self):
        """As the SDK documents it: the contexts are left."""
        await self.abandon()
        if self.owner:
            owner, self.owner = self.owner, None
            self.end.set()
            try:
                await owner
            except asyncio.CancelledError:
                pass
        return True


async def main():
    loop = asyncio.get_running_loop()
    # Two would race for names.
    loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
    reader = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    driver, tasks = Driver(), set()

    async def carry_out(id, op, **parameters):
        try:
            say({"id": id, "ok": await getattr(driver, op)(**parameters)})
        except BaseException as error:
            say({"id": id, "error": words(error)})

    say({"ready": 1})
    while line := await reader.readline():
        task = asyncio.create_task(carry_out(**json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main())
