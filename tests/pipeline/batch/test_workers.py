"""One function over many tasks: in processes that die, and on a real Dask cluster on this machine.

The work is `int` and `signal.raise_signal`, which every worker can import: SIGCONT does nothing, SIGKILL kills it.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from signal import SIGCONT, SIGINT, SIGKILL, raise_signal

import pytest
from karyo_split.core.errors import UsageError
from karyo_split.pipeline.batch.workers import AHEAD, DaskCluster, LocalProcesses, in_parallel

distributed = pytest.importorskip("distributed", reason="needs Dask: install karyo-split[cluster]")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


def test_every_task_is_answered_and_a_failure_costs_its_own_task_only() -> None:
    tasks = [str(n) for n in range(30)] + ["no number"]
    answers = dict(in_parallel(int, tasks, LocalProcesses(2)))
    assert isinstance(answers.pop("no number"), ValueError)
    assert answers == {str(n): n for n in range(30)}
    assert not multiprocessing.active_children()


def test_a_task_that_kills_its_process_is_found_and_the_others_are_done() -> None:
    tasks = [SIGCONT] * 8 + [SIGKILL] + [SIGCONT] * 5
    ended = list(in_parallel(raise_signal, tasks, LocalProcesses(2)))
    assert sorted(task for task, _ in ended) == sorted(tasks)
    assert [task for task, answer in ended if answer is not None] == [SIGKILL]


def test_an_interrupt_does_not_reach_a_process_that_only_starts() -> None:
    workers = LocalProcesses(2)
    executor = workers.start()
    children = multiprocessing.active_children()
    for child in children:
        os.kill(child.pid, SIGINT)  # type: ignore[arg-type]
    assert list(executor.map(int, ["1", "2", "3"])) == [1, 2, 3]
    assert len(children) == 2 and all(child.is_alive() for child in children)
    workers.stop()


def test_few_tasks_are_handed_out_at_a_time() -> None:
    class Watched(LocalProcesses):
        most = 0

        def start(self):  # type: ignore[no-untyped-def]
            executor = super().start()
            submit = executor.submit

            def counted(*arguments):  # type: ignore[no-untyped-def]
                waiting = sum(not f.done() for f in self.futures) + 1
                self.most = max(self.most, waiting)
                self.futures.append(submit(*arguments))
                return self.futures[-1]

            self.futures: list = []
            executor.submit = counted  # type: ignore[method-assign]
            return executor

    workers = Watched(2)
    assert len(list(in_parallel(int, [str(n) for n in range(40)], workers))) == 40
    assert workers.most <= AHEAD * 2


def test_stopping_early_leaves_no_process_behind() -> None:
    several = in_parallel(int, ["1", "2", "3"], LocalProcesses(2))
    next(several)
    several.close()
    for process in multiprocessing.active_children():
        process.join(10)
    assert not multiprocessing.active_children()


def test_a_cluster_answers_like_processes(scheduler: str) -> None:
    cluster = DaskCluster(scheduler)
    assert cluster.count == 2
    answers = dict(in_parallel(int, [*(str(n) for n in range(20)), "no number"], cluster))
    assert isinstance(answers.pop("no number"), ValueError)
    assert answers == {str(n): n for n in range(20)}


def test_a_cluster_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no Dask scheduler answers"):
        DaskCluster("tcp://127.0.0.1:9")
