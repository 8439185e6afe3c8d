"""A body is read straight from gunicorn's socket, whatever came with the headers, and no byte beyond its end."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from io import BytesIO

import pytest
from gunicorn.http.body import Body, ChunkedReader, LengthReader  # type: ignore[import-untyped]  # as in the module
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]

from gas_site.request_body import swift

CONTENT = os.urandom(3_000_000)
NEXT = b"GET / HTTP/1.1\r\n\r\n"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give the browser's and the server's end of a connection."""
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def body_of(connection: socket.socket, length: int, *, held: bytes = b"") -> Body:
    """Make what gunicorn gives to an application, with what it has read together with the headers."""
    unreader = SocketUnreader(connection)
    unreader.unread(held)
    return Body(LengthReader(unreader, length))


@pytest.mark.parametrize("held", [0, 1, 1_000])
@pytest.mark.parametrize("piece", [100, 300_000, -1])
def test_a_body_is_read_whole_and_what_follows_it_is_left(
    ends: tuple[socket.socket, socket.socket], held: int, piece: int
) -> None:
    browser, server = ends
    content = CONTENT[:50_000]
    browser.sendall(content[held:] + NEXT)
    body = body_of(server, len(content), held=content[:held])
    quick = swift(body)
    assert b"".join(iter(lambda: quick.read(piece), b"")) == content
    assert body.reader.length == 0, "gunicorn knows that nothing is left to drain"
    assert body.read(1) == b""
    assert server.recv(100) == NEXT


@pytest.mark.parametrize("length", [2, 700, 1_024, 5_000])
def test_a_short_body_whose_beginning_came_with_the_headers_is_read_whole(
    ends: tuple[socket.socket, socket.socket], length: int
) -> None:
    """Gunicorn's own Body reads a KiB ahead, into a buffer of its own that nobody would look into."""
    browser, server = ends
    held, middle = CONTENT[: length // 3], length // 2
    quick = swift(body := body_of(server, length, held=held))
    sending = threading.Thread(target=in_pieces, args=(browser, CONTENT[len(held) : middle], CONTENT[middle:length]))
    sending.start()
    assert quick.read() == CONTENT[:length]
    assert body.reader.length == 0
    sending.join()


def in_pieces(connection: socket.socket, *pieces: bytes) -> None:
    for piece in pieces:
        connection.sendall(piece)


def test_a_body_longer_than_the_kernel_keeps_arrives_in_order(ends: tuple[socket.socket, socket.socket]) -> None:
    browser, server = ends
    sending = threading.Thread(target=browser.sendall, args=(CONTENT,))
    sending.start()
    quick = swift(body_of(server, len(CONTENT)))
    assert b"".join(iter(lambda: quick.read(256 * 1024), b"")) == CONTENT
    sending.join()


def test_what_is_not_read_is_left_for_gunicorn_to_drain(ends: tuple[socket.socket, socket.socket]) -> None:
    browser, server = ends
    sending = threading.Thread(target=browser.sendall, args=(CONTENT + NEXT,))
    sending.start()
    body = body_of(server, len(CONTENT))
    assert swift(body).read(10) == CONTENT[:10]
    while drained := body.read(1_024):
        last = drained
    assert CONTENT.endswith(last)
    assert server.recv(100) == NEXT
    sending.join()


def test_a_sender_that_goes_ends_the_body_early(ends: tuple[socket.socket, socket.socket]) -> None:
    browser, server = ends
    browser.sendall(CONTENT[:1_000])
    browser.close()
    assert swift(body_of(server, 2_000)).read() == CONTENT[:1_000]


def test_a_sender_that_is_silent_is_given_up_and_its_connection_with_it(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    browser, server = ends
    browser.sendall(CONTENT[:1_000])
    server.settimeout(0.05)
    body = body_of(server, 2_000)
    with pytest.raises(TimeoutError):
        swift(body).read()
    assert body.failed


def test_bodies_without_a_length_and_of_other_servers_are_read_as_ever() -> None:
    chunked = Body(ChunkedReader(None, None))
    others = [chunked, BytesIO(b"x"), body_of(socket.socket(), 0)]
    assert [swift(each) for each in others] == others
