"""Nothing is asked of a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from karyo_split.datasets.simulate import SimulatedSlide
from karyo_split.datasets.simulate.save_slide import save_simulated

COMMANDS = """
import socket
import sys

LOCAL = getattr(socket, "AF_UNIX", None)  # a pair of sockets, with which zarr wakes its own thread, is no network

def refuse(event, arguments):
    if event.startswith("socket.") and not (event == "socket.__new__" and arguments[1] == LOCAL):
        raise SystemExit(f"a socket: {event} {arguments}")

sys.addaudithook(refuse)
from karyo_split.pipeline.cli import main

def run(*words):
    try:
        main(list(words))
    except SystemExit as ended:
        if ended.code:
            raise

slides, out = sys.argv[1:]
run(slides, "--out", out, "--threads", "1")
run("evaluate", "slides", slides)
run("verify", out)
run("weights", "verify")
try:
    socket.socket()
except SystemExit as ended:
    print(ended.code)
"""


def test_no_socket_to_a_network_is_opened_by_import_split_evaluate_and_verify(
    tmp_path: Path, simulated: SimulatedSlide
) -> None:
    save_simulated(simulated, tmp_path / "slides" / "s.tif")
    (tmp_path / "commands.py").write_text(COMMANDS)
    words = [sys.executable, "-P", tmp_path / "commands.py", tmp_path / "slides", tmp_path / "out"]
    ended = subprocess.run(words, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out" / "s" / "run.json").is_file()
    assert "a socket: socket.__new__" in ended.stdout  # the watch itself works
