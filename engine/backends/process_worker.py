"""The other end of a process backend: runs one function in an interpreter of its own.

Started as `python -I process_worker.py`. Speaks length-prefixed JSON over the pipe it was given as standard
output before anything else could print there; what the code prints goes to standard error, line by line.
Ends with the engine that started it, however that ends.
"""

from __future__ import annotations

import _thread
import importlib
import importlib.util
import json
import os
import signal
import struct
import sys
import traceback
from typing import Any, BinaryIO

HEADER = struct.Struct(">Q")


def main() -> None:
    requests, replies = _take_pipes()
    header = requests.read(HEADER.size)
    (size,) = HEADER.unpack(header)
    request = json.loads(requests.read(size))
    _thread.start_new_thread(_end_with_the_engine, (requests.fileno(),))
    reply = _answer(request)
    encoded = json.dumps(reply, allow_nan=False).encode()
    replies.write(HEADER.pack(len(encoded)) + encoded)
    replies.flush()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for ourselves, so that `print` and `input` in the code cannot garble them."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    return requests, replies


def _end_with_the_engine(pipe: int) -> None:
    """Nobody waits for the answer once the other end of the pipe is gone: killed, it could not kill us.

    When the program starts again the step runs again, and must not run beside what is left of itself.
    """
    while os.read(pipe, 1):
        pass
    if os.name == "posix":
        os.killpg(0, signal.SIGKILL)  # with whatever the code has started
    os._exit(1)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        sys.path[:0] = request["path"]
        function = _load(request["target"])
        result = function(request["payload"])
        json.dumps(result, allow_nan=False)  # a fault in the result belongs to the code, not to the pipe
    except BaseException as error:  # noqa: BLE001 - step boundary: whatever the code raises is its answer
        text = traceback.format_exc()
        return {"error": {"type": type(error).__name__, "message": str(error), "traceback": text}}
    return {"result": result}


def _load(target: str) -> Any:
    place, _, name = target.rpartition(":")
    if not place.endswith(".py"):
        return getattr(importlib.import_module(place), name)
    spec = importlib.util.spec_from_file_location("workflow_step", place)
    if spec is None or spec.loader is None:
        raise ImportError(f"{place} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


if __name__ == "__main__":
    main()
