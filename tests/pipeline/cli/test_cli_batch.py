"""Batches that are interrupted, resumed, spread over workers, and that run into faults.

Small here; with KARYO_SPLIT_FULL=1 in the environment the same tests run on larger slides, and on a thousand of them.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.datasets.simulate import SlideRecipe, simulate_slide
from karyo_split.datasets.simulate.save_slide import save_simulated

from ...commands import run

FULL = bool(os.environ.get("KARYO_SPLIT_FULL"))
SLIDES = 12 if FULL else 3
SHAPE, CHROMOSOMES = ((1034, 1290), 46) if FULL else ((260, 280), 9)
MANY = 1000 if FULL else 24
LONGEST = 3600 if FULL else 240
OURS = ("chromosomes.json", "masks.ome.tif", "chromosomes.csv", "metaphases.csv", "preview.png")


def started(*arguments: str | Path, **options) -> subprocess.Popen[str]:  # type: ignore[no-untyped-def]
    """The command in a process of its own; -P, for ./karyo_split would hide the installed package."""
    command = [sys.executable, "-P", "-m", "karyo_split", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + LONGEST
    while not path.exists():
        assert time.monotonic() < until and process.poll() is None, "the command ended before it had begun"
        time.sleep(0.05)


def files_of(out: Path) -> dict[str, bytes]:
    """All that a run wrote, but the times."""
    files = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    for name in [n for n in files if n.endswith("run.json")]:
        document = json.loads(files[name])
        files[name] = json.dumps({k: v for k, v in document.items() if k not in ("started", "seconds")}).encode()
    rows = list(csv.DictReader(io.StringIO(files.pop("summary.csv").decode())))
    files["summary.csv"] = json.dumps([{k: r[k] for k in r if k not in ("seconds", "folder")} for r in rows]).encode()
    return files


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    for number in range(SLIDES):
        slide = simulate_slide(SlideRecipe(seed=number, shape=SHAPE, chromosomes=CHROMOSOMES, length_px=36, nuclei=0))
        save_simulated(slide, folder / f"slide{number}.tif")
    return folder


@pytest.fixture(scope="module")
def whole(slides: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an unbroken run."""
    out = tmp_path_factory.mktemp("whole")
    assert run(slides, "--out", out, "--threads", "1") == 0
    return out


def test_the_summary_tells_of_every_slide(whole: Path) -> None:
    rows = list(csv.DictReader((whole / "summary.csv").open()))
    assert [Path(r["slide"]).name for r in rows] == [f"slide{n}.tif" for n in range(SLIDES)]
    for row in rows:
        counts = json.loads((Path(row["folder"]) / "run.json").read_text())["counts"]
        assert (int(row["chromosomes"]), int(row["metaphases"])) == (counts["chromosomes"], counts["metaphases"])
        assert row["error"] == ""


def test_a_killed_run_resumes_to_the_same_files(slides: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = started(slides, "--out", out, "--threads", "1")
    wait_for(out / "slide0" / "run.json", process)
    time.sleep(0.3)
    process.kill()
    process.wait()
    finished = {p: p.stat().st_mtime_ns for p in out.rglob("run.json")}
    assert 1 <= len(finished) < SLIDES
    (out / f"slide{SLIDES - 1}").mkdir(exist_ok=True)
    (out / f"slide{SLIDES - 1}" / ".part-1-masks.ome.tif").write_text("half a file")
    assert run(slides, "--out", out, "--threads", "1", "--resume") == 0
    assert files_of(out) == files_of(whole)
    assert all(path.stat().st_mtime_ns == when for path, when in finished.items())


def test_an_interrupted_run_ends_with_130_and_whole_folders(slides: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # A shell's background commands ignore interrupts, and this suite may be one.
    listening = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), "start_new_session": True}
    process = started(slides, "--out", out, "--threads", "1", "--jobs", "2", **listening)
    wait_for(out / "slide0", process)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=LONGEST)
    assert process.returncode == 130
    assert said.strip().endswith("--resume does the rest")
    assert "Traceback" not in said
    for folder in (p for p in out.iterdir() if (p / "run.json").exists()):
        assert all((folder / name).exists() for name in OURS)


@pytest.mark.parametrize("change", ["slide", "settings", "version", "format"])
def test_only_folders_of_the_same_run_are_kept(slides: Path, tmp_path: Path, change: str) -> None:
    slide, out = tmp_path / "s.tif", tmp_path / "out"
    slide.write_bytes((slides / "slide0.tif").read_bytes())
    assert run(slide, "--out", out, "--format", "csv") == 0
    record = out / "s" / "run.json"
    first = record.stat().st_mtime_ns
    assert run(slide, "--out", out, "--format", "csv", "--resume", "--threads", "1") == 0
    assert record.stat().st_mtime_ns == first
    options: list[str] = []
    if change == "slide":
        slide.write_bytes((slides / "slide1.tif").read_bytes())
    elif change == "settings":
        options = ["--polarity", "bright"]
    elif change == "format":
        options = ["--format", "coco"]
    else:
        record.write_text(record.read_text().replace('"karyo-split": "', '"karyo-split": "0.0.'))
        first = record.stat().st_mtime_ns
    assert run(slide, "--out", out, "--format", "csv", "--resume", *options) == 0
    assert record.stat().st_mtime_ns != first


def test_a_list_on_standard_input(slides: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{slides / 'slide1.tif'}\n\n{slides / 'slide0.tif'}\n"))
    assert run("-", "--out", tmp_path, "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()[:-1]
    assert [line.split(" -> ")[1].split(" ")[0] for line in lines] == [str(tmp_path / f"slide{n}") for n in (0, 1)]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert run("-", "--out", tmp_path, "--dry-run") == 3


def test_spreads_that_are_not_as_expected_are_flagged(slides: Path, tmp_path: Path) -> None:
    assert run(slides / "slide0.tif", "--out", tmp_path, "--expect", "200", "--format", "csv") == 0
    rows = list(csv.DictReader((tmp_path / "slide0" / "metaphases.csv").open()))
    spreads = [row for row in rows if "stray" not in row["flags"].split()]
    assert spreads and all("count" in row["flags"].split() for row in spreads)
    table = list(csv.DictReader((tmp_path / "slide0" / "chromosomes.csv").open()))
    for row in rows:
        assert sum(c["metaphase_id"] == row["metaphase_id"] for c in table) == int(row["chromosomes"])


def test_a_full_disk_costs_a_line_and_leaves_no_half_file(slides: Path, whole: Path, tmp_path: Path) -> None:
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    out = tmp_path / "out"
    process = started(slides / "slide0.tif", "--out", out, preexec_fn=small_files_only)
    _, said = process.communicate(timeout=LONGEST)
    assert process.returncode == 3
    refused = said.split(" cannot be written: File too large")[0].split("/")[-1]
    assert refused in OURS if FULL else refused == "preview.png"
    assert "Traceback" not in said
    left = sorted(p.name for p in (out / "slide0").iterdir())
    assert "run.json" not in left and refused not in left
    assert not [name for name in left if name.startswith(".")]
    for name in left:
        assert (out / "slide0" / name).read_bytes() == (whole / "slide0" / name).read_bytes()
    assert run(slides / "slide0.tif", "--out", out, "--threads", "1", "--resume") == 0
    for name in OURS:
        assert (out / "slide0" / name).read_bytes() == (whole / "slide0" / name).read_bytes()


def test_a_slide_truncated_in_its_last_tile_costs_that_slide_only(slides: Path, tmp_path: Path, capsys) -> None:
    broken = tmp_path / "in" / "broken.tif"
    broken.parent.mkdir()
    grey = np.random.default_rng(0).integers(0, 255, (600, 600)).astype(np.uint8)
    tifffile.imwrite(broken, grey, tile=(256, 256), compression="zlib")
    broken.write_bytes(broken.read_bytes()[:-2000])
    (broken.parent / "good.tif").write_bytes((slides / "slide0.tif").read_bytes())
    assert run(broken.parent, "--out", tmp_path / "out") == 1
    assert "damaged or truncated" in " ".join(capsys.readouterr().err.split())
    assert (tmp_path / "out/good/run.json").exists()
    assert not (tmp_path / "out/broken").exists()
    rows = {Path(r["slide"]).name: r for r in csv.DictReader((tmp_path / "out/summary.csv").open())}
    assert "truncated" in rows["broken.tif"]["error"] and rows["broken.tif"]["chromosomes"] == ""


def test_an_output_folder_that_is_removed_in_mid_run(slides: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = started(slides, "--out", out, "--threads", "1")
    wait_for(out / "slide0" / "run.json", process)
    out.rename(tmp_path / "moved")
    _, said = process.communicate(timeout=LONGEST)
    assert "Traceback" not in said
    assert process.returncode in (0, 1)
    assert all((tmp_path / "moved/slide0" / name).exists() for name in OURS)
    assert run(slides, "--out", out, "--resume", "--threads", "1") == 0
    assert len(list(out.rglob("run.json"))) == SLIDES


def test_a_cluster_whose_worker_is_killed_writes_the_same_files(slides: Path, whole: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs Dask: install karyo-split[cluster]")
    out = tmp_path / "out"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        process = started(slides, "--out", out, "--threads", "1", "--cluster", cluster.scheduler_address)
        wait_for(out / "slide0", process)
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        _, said = process.communicate(timeout=LONGEST)
    assert process.returncode == 0, said
    assert files_of(out) == files_of(whole)


MEMORY_SCRIPT = """
import resource, sys
from pathlib import Path
from karyo_split.pipeline.batch.run_batch import Task, run
from karyo_split.pipeline.batch.inputs import Job
from karyo_split.pipeline.settings import SplitSettings
slide, out, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
tasks = [Task(Job(slide, out / str(n)), SplitSettings(threads=1), ("coco", "csv")) for n in range(count)]
for number, outcome in enumerate(run(tasks, None), start=1):
    assert outcome.error is None, outcome.error
    if number in (10, count):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_number_of_slides(tmp_path: Path) -> None:
    slide = simulate_slide(SlideRecipe(seed=1, shape=(70, 70), chromosomes=1, length_px=30, nuclei=0, debris=0))
    save_simulated(slide, tmp_path / "s.tif")
    command = [sys.executable, "-P", "-c", MEMORY_SCRIPT, str(tmp_path / "s.tif"), str(tmp_path / "out"), str(MANY)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONGEST).stdout
    after_ten, at_the_end = (int(line) for line in said.split())
    assert at_the_end - after_ten < 40
