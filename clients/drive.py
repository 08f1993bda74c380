"""What the drivers in Python share: the protocol of README.md, and a client that lives in one task from connect to disconnect.
Started as `drive.py DRIVER`: that file defines a `Driver`, derived from the one here, and may import `drive`."""

import asyncio
import concurrent.futures
import importlib.util
import json
import sys


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def words(error):
    """An error in the SDK's own words; of a group, those of what is in it."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(words(e) for e in error.exceptions)
    return str(error) or type(error).__name__


def text_of(result):
    """The texts of a tool's result."""
    return "\n".join(getattr(block, "text", "") for block in result.content)


class Driver:
    """A client. Who derives from it says how one is opened, and what it is asked: `list_tools`, `call_tool`, `request`."""

    lacks = ()  # the requests of the protocol that the SDK does not offer
    owner = None  # the task in which the client lives: its cancel scopes must stay there
    session = None

    def opened(self, url):
        """The client's context, which yields what is asked."""
        raise NotImplementedError

    async def own(self, url, ready, end):
        try:
            async with self.opened(url) as session:
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

    async def disconnect(self):
        """As the SDKs document it: the contexts are left."""
        await self.abandon()
        if self.owner:
            owner, self.owner = self.owner, None
            self.end.set()
            try:
                await owner
            except asyncio.CancelledError:
                pass
        return True


async def main(driver):
    loop = asyncio.get_running_loop()
    # Two would race for names.
    loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
    reader = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()

    async def carry_out(id, op, **parameters):
        try:
            say({"id": id, "ok": await getattr(driver, op)(**parameters)})
        except BaseException as error:
            say({"id": id, "error": words(error)})

    say({"ready": 1, "lacks": list(driver.lacks)})
    while line := await reader.readline():
        task = asyncio.create_task(carry_out(**json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    sys.modules["drive"] = sys.modules["__main__"]
    spec = importlib.util.spec_from_file_location("driver", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    asyncio.run(main(module.Driver()))
