"""What the window and a decoder say to each other over their socket: lines of JSON, and pixels as they are."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]

MAX_MESSAGE_BYTES = 1 << 20
_HEAD_BYTES = 4
# How often somebody who waits looks whether the answer is still wanted.
_LOOK_S = 0.05
_BUFFER_BYTES = 4 << 20


class ChannelClosedError(Exception):
    """The other side has gone."""


class Channel:
    """One end of a connection.

    Parameters
    ----------
    end : socket
        A stream; closed by ``close``.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        self._waiter = select.poll()
        self._waiter.register(self._socket, select.POLLIN)

    def close(self) -> None:
        """Close this end: the other one finds out when it listens."""
        self._socket.close()

    def send(self, message: Message) -> None:
        """Send a message; ChannelClosedError if nobody is there."""
        data = json.dumps(message).encode("ascii")
        self.send_bytes(memoryview(len(data).to_bytes(_HEAD_BYTES, "big") + data))

    def send_bytes(self, data: memoryview) -> None:
        """Send bytes that the other side knows the number of; ChannelClosedError if nobody is there."""
        try:
            self._socket.sendall(data)
        except OSError as cause:
            raise ChannelClosedError from cause

    def receive(self, *, check: Callable[[], None] = lambda: None) -> Message:
        """Wait for a message.

        Parameters
        ----------
        check : callable
            Called again and again while nothing comes; whatever it raises ends the waiting.

        Raises
        ------
        ChannelClosedError
            If the other side has gone, or what it says makes no sense.
        """
        head = bytearray(_HEAD_BYTES)
        self.receive_into(memoryview(head), check=check)
        length = int.from_bytes(head, "big")
        if length > MAX_MESSAGE_BYTES:
            raise ChannelClosedError
        data = bytearray(length)
        self.receive_into(memoryview(data), check=check)
        try:
            message = json.loads(data)
        except ValueError as cause:
            raise ChannelClosedError from cause
        if not isinstance(message, dict):
            raise ChannelClosedError
        return message

    def receive_into(self, place: memoryview, *, check: Callable[[], None] = lambda: None) -> None:
        """Fill a place with the bytes that come; as ``receive``."""
        while len(place):
            if not self.wait(_LOOK_S):
                check()
                continue
            try:
                count = self._socket.recv_into(place)
            except OSError as cause:
                raise ChannelClosedError from cause
            if count == 0:
                raise ChannelClosedError
            place = place[count:]

    def wait(self, seconds: float) -> bool:
        """Wait for anything to come, or for the other side to go; tell whether it did."""
        try:
            return bool(self._waiter.poll(seconds * 1000))
        except (OSError, ValueError) as cause:
            raise ChannelClosedError from cause
