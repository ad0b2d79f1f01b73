"""Files of a web server are copied whole, whatever happens on the way."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from analysis import searches
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.pipeline import Pipeline
from analysis.stages.data_set import EVENTS
from analysis.stages.fetch import download
from errors import MaplessError
from selections.events import StoredEvents
from tests.analysis import toy_search


class Server(ThreadingHTTPServer):
    """Gives the files of a folder, and breaks off `breaks` times in the middle."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder, self.breaks, self.knows_parts = folder, 0, True
        self.asked: list[str | None] = []

    def address(self, name: str) -> str:
        """Of a file."""
        return f"http://127.0.0.1:{self.server_port}/data/{name}?version=1"


class Answer(BaseHTTPRequestHandler):
    """One answer."""

    server: Server

    def do_GET(self) -> None:
        """Give a file, or its rest."""
        self.server.asked.append(self.headers.get("Range"))
        file = self.server.folder / self.path.partition("?")[0].removeprefix("/data/")
        if not file.is_file():
            self.send_error(404, "File not found")
            return
        wanted = self.headers.get("Range") if self.server.knows_parts else None
        content = file.read_bytes()[int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0 :]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            content = content[: len(content) // 2]
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "served").mkdir()
    with Server(tmp_path / "served") as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def _random_file(server: Server) -> bytes:
    content = np.random.default_rng(1).bytes(2**21)
    (server.folder / "events.root").write_bytes(content)
    return content


@pytest.mark.parametrize("knows_parts", [True, False])
def test_a_copy_goes_on_where_the_connection_broke(server: Server, tmp_path: Path, knows_parts: bool) -> None:
    content = _random_file(server)
    server.breaks, server.knows_parts = 2, knows_parts
    download(server.address("events.root"), tmp_path / "copy.root", pause=0.01)
    assert (tmp_path / "copy.root").read_bytes() == content
    assert server.asked == [None, "bytes=1048576-", "bytes=1572864-" if knows_parts else "bytes=1048576-"]


def test_a_server_that_always_breaks_off_leaves_nothing(server: Server, tmp_path: Path) -> None:
    _random_file(server)
    server.breaks, server.knows_parts = 99, False
    with pytest.raises(
        MaplessError, match=r"events\.root\S* could not be read in 5 attempts, 1,048,576 bytes"
    ):
        download(server.address("events.root"), tmp_path / "copy.root", pause=0.01)
    with pytest.raises(MaplessError, match="404 Client Error: File not found"):
        download(server.address("nothing.root"), tmp_path / "copy.root", pause=0.01)
    assert [file.name for file in tmp_path.iterdir()] == ["served"]


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match=r"http://127\.0\.0\.1:9/x\.root could not be read"):
        download("http://127.0.0.1:9/x.root", tmp_path / "x.root", pause=0.01)


def test_events_on_the_web_are_those_of_the_file(server: Server, tmp_path: Path) -> None:
    toy_search.write_background(server.folder / "background.root", 2000, 1)
    selected = {}
    for name, file in (
        ("web", server.address("background.root")),
        ("here", server.folder / "background.root"),
    ):
        (tmp_path / f"{name}.yaml").write_text(
            "search: tests.analysis.toy_search\ndata: background\n"
            f"samples: {{background: {{role: background, files: ['{file}'], luminosity: 10}}}}\n"
        )
        pipeline = Pipeline(searches.load(None, tmp_path / f"{name}.yaml"))
        stages = pipeline.stages("select", tmp_path / name)
        run_stages(stages, tmp_path / name, Tools())
        (stage,) = (stage for stage in stages if stage.name.startswith("select"))
        selected[name] = StoredEvents(stage.folder(tmp_path / name) / EVENTS)
    np.testing.assert_array_equal(selected["web"]["event"], selected["here"]["event"])
    assert len(selected["web"]) > 500
