"""A second start of the program over the same store hands its file to the first one, which opens a window.

Two programs cannot share a store, two windows of one program can.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

log = logging.getLogger(__name__)

PATIENCE_MS = 1_000
_MOST = 64 * 1024
_TAKEN = b"taken\n"


def name_of(store: Path) -> str:
    """What the program over this store is called among the programs of this user."""
    return "workflow-designer-" + hashlib.sha256(str(store.resolve()).encode()).hexdigest()[:24]


def hand_over(store: Path, file: Path | None) -> bool:
    """Whether a program that runs over this store has taken the file (or the wish for a window)."""
    socket = QLocalSocket()
    socket.connectToServer(name_of(store))
    if not socket.waitForConnected(PATIENCE_MS):
        return False
    wish = {"open": str(file.resolve()) if file is not None else None}
    socket.write(json.dumps(wish).encode() + b"\n")
    answer = b""
    while not answer.endswith(b"\n") and socket.waitForReadyRead(PATIENCE_MS):
        answer += bytes(socket.readAll().data())
    socket.disconnectFromServer()
    return answer == _TAKEN


class Handover(QObject):
    """Listens for later starts; only programs of the same user reach it."""

    def __init__(self, store: Path, open_window: Callable[[Path | None], None]) -> None:
        super().__init__()
        self._open_window = open_window
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        self._name = name_of(store)

    def listen(self) -> None:
        """Takes files from now on. Nobody else listens: `hand_over` has been tried before."""
        QLocalServer.removeServer(self._name)  # a crash leaves the name behind
        if not self._server.listen(self._name):
            log.warning("Files cannot be taken from later starts: %s", self._server.errorString())

    def close(self) -> None:
        """Takes nothing any more."""
        self._server.close()

    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda one=socket: self._on_wish(one))
            socket.disconnected.connect(socket.deleteLater)
            if socket.bytesAvailable():
                self._on_wish(socket)

    def _on_wish(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > _MOST:
                socket.abort()
            return
        try:
            wish = json.loads(bytes(socket.readLine(_MOST).data()))
            file = wish["open"]
        except (ValueError, TypeError, KeyError):
            socket.abort()
            return
        socket.write(_TAKEN)
        socket.flush()
        self._open_window(Path(file) if isinstance(file, str) else None)
