"""The server of the review page, asked as its page asks, and as others would."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.errors import UsageError
from karyo_split.core.mask import PlacedMask, iou
from karyo_split.pipeline.read_folder import read_result
from karyo_split.pipeline.review.clicks import Asker, ClickedSlide
from karyo_split.pipeline.slide.slide import Slide

from karyo_split import SplitSettings, Splitter

from ...commands import run
from .made import RODS, make_folder

pytest.importorskip("uvicorn", reason="needs uvicorn, of the review extra")
testclient = pytest.importorskip("starlette.testclient", reason="needs starlette and httpx, of the test extra")

from karyo_split.pipeline.review.web.bench import Bench  # noqa: E402
from karyo_split.pipeline.review.web.server import bound_socket, make_app  # noqa: E402

TOKEN, HOST = "secret-word", "127.0.0.1:8000"
PAGE = {"origin": f"http://{HOST}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path, expect=7)


@pytest.fixture
def bench(folder: Path) -> Iterator[Bench]:
    made = Bench(folder.parent, "Ann")
    yield made
    made.close()


@pytest.fixture
def client(bench: Bench) -> Any:
    app = make_app(bench, TOKEN, frozenset({HOST}))
    return testclient.TestClient(app, base_url=f"http://{HOST}", raise_server_exceptions=True)


def edit(client: Any, revision: int, **asked: Any) -> Any:
    return client.post(f"/{TOKEN}/slide/0/edit", json={"revision": revision, **asked}, headers=PAGE)


def test_the_page_and_its_files_come_from_here_alone(client: Any) -> None:
    page = client.get(f"/{TOKEN}/")
    assert page.status_code == 200 and "<script src=" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    assert "://" not in page.text and "style=" not in page.text and "<script>" not in page.text
    for name in ("viewer.js", "review.js", "drawing.js", "controls.js", "report.css", "review.css"):
        assert client.get(f"/{TOKEN}/{name}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/", "/slides", "/wrong/slides", f"/{TOKEN}", f"/{TOKEN}x/slides", f"//{TOKEN}/slides", f"/{TOKEN}/../slides",
        f"/{TOKEN}/run.json", f"/{TOKEN}/bench.py", f"/{TOKEN}/..%2f..%2fbench.py", f"/{TOKEN}/%2e%2e/guard.py",
        f"/{TOKEN}/..%5cguard.py", f"/{TOKEN}//etc/passwd", f"/{TOKEN}/slide/0/picture/9", f"/{TOKEN}/slide/0/..%2f..",
        f"/{TOKEN}/slide/-1", f"/{TOKEN}/viewer.js/x", "/%00",
    ],
)  # fmt: skip
def test_nothing_else_is_served(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404


def test_others_are_refused(client: Any) -> None:
    good = f"/{TOKEN}/slides"
    assert client.get(good).status_code == 200
    assert client.get(good, headers={"host": "evil.example"}).status_code == 421
    assert client.get(good, headers={"host": "127.0.0.1:9"}).status_code == 421
    assert client.get(good, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.get(good, headers={"origin": "null"}).status_code == 403
    assert client.get(good, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.put(good, headers=PAGE).status_code == 405
    path, body = f"/{TOKEN}/slide/0/edit", {"revision": 0, "verb": "accept", "ids": [1]}
    assert client.post(path, json=body).status_code == 403
    assert client.post(path, json=body, headers={"origin": "http://evil.example"}).status_code == 403
    text, as_json = {**PAGE, "content-type": "text/plain"}, {**PAGE, "content-type": "application/json"}
    assert client.post(path, content=json.dumps(body), headers=text).status_code == 415
    assert client.post(path, content="x" * 3_000_000, headers=as_json).status_code == 413
    assert client.get(f"/{TOKEN}/slide/0").json()["revision"] == 0


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"verb": "fly"}, {"verb": ["accept"]}, {"verb": "accept"}, {"verb": "accept", "ids": "1"},
        {"verb": "accept", "ids": [True]}, {"verb": "accept", "ids": [99]}, {"verb": "split", "ids": [1], "way": []},
        {"verb": "split", "ids": [1], "way": [[1, "2"]]}, {"verb": "split", "ids": [1], "way": [[1e300, 2], [3, 4]]},
        {"verb": "add", "ids": [1], "way": [[1, 2]]}, {"verb": "add", "ids": [1], "way": [[1, 2]], "radius": 1e9},
        {"verb": "add", "ids": [1, 2], "way": [[1, 2]], "radius": 3}, {"verb": "note", "ids": [1], "text": 3},
        {"verb": "move", "ids": [1], "way": [[1, 2]], "radius": 3}, {"verb": "redraw", "ids": [1], "yes": []},
        {"verb": "new", "yes": [[1, 1]] * 99}, {"verb": "new", "yes": [[-5, 1]]}, {"verb": "undo"}, {"verb": "sign"},
        {"verb": "add", "ids": [1], "way": [[1, 2]] * 6000, "radius": 3},
    ],
)  # fmt: skip
def test_what_the_page_would_not_ask_is_refused_in_a_line(client: Any, asked: dict[str, Any]) -> None:
    client.get(f"/{TOKEN}/slide/0")
    answer = edit(client, 0, **asked)
    assert answer.status_code == 400 and "\n" not in answer.json()["error"]
    assert client.get(f"/{TOKEN}/slide/0").json()["revision"] == 0


def test_what_is_not_json_is_refused(client: Any) -> None:
    for content in ("{", "[]", "NaN", "[" * 50_000, b"\xff"):
        headers = {**PAGE, "content-type": "application/json"}
        assert client.post(f"/{TOKEN}/slide/0/edit", content=content, headers=headers).status_code == 400
    assert edit(client, "0", verb="accept", ids=[1]).status_code == 400  # type: ignore[arg-type]


def test_a_slide_is_reviewed_and_signed(client: Any, bench: Bench, folder: Path) -> None:
    (row,) = client.get(f"/{TOKEN}/slides").json()["slides"]
    assert (row["name"], row["chromosomes"], row["off"], row["flagged"], row["signed"]) == ("a", 6, 1, 3, "")
    slide = client.get(f"/{TOKEN}/slide/0").json()
    assert [c["id"] for c in slide["chromosomes"]] == [1, 2, 3, 4, 5, 6] and slide["doubts"] == []
    assert sum(bool(c["shared"]) for c in slide["chromosomes"]) == 1
    assert client.get(f"/{TOKEN}/{slide['pictures'][0]['src']}").headers["content-type"] == "image/jpeg"
    refused = edit(client, 0, verb="sign")
    assert refused.status_code == 400 and "3 flagged chromosomes" in refused.json()["error"]
    told = edit(client, 0, verb="accept", ids=slide["left"]["chromosomes"]).json()
    assert told["left"]["chromosomes"] == [] and told["revision"] == 1
    asked = edit(client, 1, verb="erase", ids=[1], way=[[25, 0], [25, 30]], radius=3)
    assert asked.status_code == 409 and "2 pieces" in asked.json()["question"]
    assert edit(client, 1, verb="erase", ids=[1], way=[[25, 0], [25, 30]], radius=3, sure=True).status_code == 200
    undone = edit(client, 2, verb="undo").json()
    assert undone["undo"] == "accept" and undone["redo"] == "erase"
    behind = edit(client, 2, verb="delete", ids=[2])
    assert behind.status_code == 409 and "another page" in behind.json()["error"]
    parted = edit(client, 3, verb="split", ids=[2], way=[[25, 35], [25, 60]]).json()
    assert parted["edit"] == {"verb": "split", "ids": [2, 7]} and parted["left"]["told"] == ""
    signed = edit(client, 4, verb="sign").json()
    assert signed["signed"]["name"] == "Ann"
    until = time.monotonic() + 120
    while not client.get(f"/{TOKEN}/slide/0/written").json()["written"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    result = read_result(folder)
    assert len(result) == 7 and result.review is not None and result.review.signed is not None
    bench.close()
    (row,) = client.get(f"/{TOKEN}/slides").json()["slides"]
    assert row["signed"].startswith("Ann, ") and row["edits"] == 3


def test_clicks_are_answered_and_taken(tmp_path: Path) -> None:
    """With answers that are known."""
    folder = make_folder(tmp_path)
    bench = Bench(folder, "Ann")
    try:
        opened = bench.slide(0)
        crossing = [p for p in RODS if p.box.y0 in (50, 60) and p.box.x0 < 50]
        opened.clicked = _Known(crossing)  # type: ignore[assignment]
        found = bench.click(0, {"yes": [[62, 36]]})
        assert found["area"] == 240 and found["outline"].startswith("M")
        assert bench.click(0, {"yes": [[2, 2]]}) == {"outline": "", "area": 0, "box": (0, 0, 0, 0)}
        told = bench.edit(0, {"revision": 0, "verb": "redraw", "ids": [1], "yes": [[62, 36]]})
        assert told["edit"]["ids"] == [1] and next(c for c in told["chromosomes"] if c["id"] == 1)["area"] == 240
        with pytest.raises(UsageError, match="no chromosome under"):
            bench.edit(0, {"revision": 1, "verb": "new", "yes": [[2, 2]]})
    finally:
        bench.close()


class _Known:
    """Answers with the mask that the first seed lies on."""

    def __init__(self, masks: list[PlacedMask]) -> None:
        self._masks = masks

    def at(self, yes: list[tuple[int, int]], no: list[tuple[int, int]]) -> PlacedMask | None:
        on = [m for m in self._masks if m.box.holds(*yes[0]) and m.mask[yes[0][0] - m.box.y0, yes[0][1] - m.box.x0]]
        return on[0] if on else None

    def warm(self) -> None:
        return None


def test_a_port_in_use_and_hosts_of_others_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run("review", folder, "--no-browser", "--port", port) == 2
        assert f"port {port} is in use" in capsys.readouterr().err
    assert run("review", folder, "--no-browser", "--host", "example.org") == 2
    assert "--yes-i-know" in capsys.readouterr().err
    assert run("review", folder, "--no-browser", "--host", "0.0.0.0", "--yes-i-know") == 2
    assert "names no computer" in capsys.readouterr().err
    assert run("review", folder / "nothing", "--no-browser") == 3
    assert "holds no finished result" in capsys.readouterr().err
    with pytest.raises(UsageError, match="does not exist"):
        bound_socket("127.0.0.1", 99_999)


def test_the_second_person_is_refused_by_name(folder: Path, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.slide(0)
    assert run("review", folder, "--no-browser", "--reviewer", "Bob") == 3
    assert "under review by Ann" in capsys.readouterr().err


SLOW = """
import sys, time
from karyo_split.pipeline.review.web.server import bound_socket, serve

class Slow:
    def list(self):
        print("asked", flush=True)
        time.sleep(4)
        return {}

    def close(self):
        print("written", flush=True)

serve(Slow(), bound_socket("127.0.0.1", 0), "127.0.0.1", "word", lambda address: print(address, flush=True))
"""


def test_ctrl_c_in_the_midst_of_a_request_is_quiet() -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stderr is not None
    asking = urlsplit(process.stdout.readline().strip())
    with socket.create_connection((asking.hostname, asking.port)) as browser:
        browser.sendall(f"GET {asking.path}slides HTTP/1.1\r\nHost: {asking.netloc}\r\n\r\n".encode())
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    assert process.stdout.read() == "written\n" and process.stderr.read() == ""


def test_two_seeds_and_a_seed_that_is_not_meant(simulated: Any) -> None:
    """With the shipped network: more clicks on the same chromosome change little; one on another takes that away."""
    splitter = Splitter(SplitSettings(device="cpu"))
    result = splitter.split(simulated.image)
    clicked = ClickedSlide(Asker(device="cpu"), Slide.from_array(simulated.image), result)
    chromosome = max(result.chromosomes, key=lambda c: c.score)
    row, column = chromosome.middle
    one = clicked.at([(row, column)])
    assert one is not None and one.mask.any()
    inside = np.argwhere(one.mask)[[5, -5]] + (one.box.y0, one.box.x0)
    two = clicked.at([(row, column), *map(tuple, inside.tolist())])
    assert two is not None
    assert iou(one, two) > 0.7
    end = tuple(int(v) for v in inside[0])
    less = clicked.at([(row, column)], [end])
    assert less is None or not less.within(Box(end[1], end[0], end[1] + 1, end[0] + 1)).any()
    with pytest.raises(UsageError, match="outside"):
        clicked.at([(-1, 5)])
