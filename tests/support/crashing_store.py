"""A process that works with a store and dies at its n-th statement; run by the tests of the store.

    python -m tests.support.crashing_store PATH N

Prints the number of steps it was told are durable after each commit, and ``end`` when it lived.
"""

import asyncio
import sys

from engine.store.sqlite import SqliteStateManager
from tests.support.events import completed, resolved, running, started
from tests.support.flaky_disk import Plan, connect_with, die

STEPS = 6
LARGE = ["large enough to stand in a file of its own"] * 3_000


async def main(path: str, dies_at: int) -> None:
    plan = Plan(die, "BEGIN", "INSERT", "COMMIT", at={dies_at})
    plan.armed = False
    async with SqliteStateManager(path, connect=connect_with(plan)) as store:
        plan.armed = True
        await store.save_definition("hash", {"name": "survivor"})
        await store.create_execution("w", {"x": 1}, execution_id="run", definition_hash="hash")
        print("0", flush=True)
        store.append("run", [started()])
        for number in range(1, STEPS + 1):
            output = LARGE if number == 2 else {"n": number}
            store.append("run", [running(f"s{number}")])
            store.append("run", [completed(f"s{number}", output), resolved(f"c{number}")])
            await store.commit(full_sync=number % 3 == 0)
            print(number, flush=True)
        plan.armed = False
        print("end", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
